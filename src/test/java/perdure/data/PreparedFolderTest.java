package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.data.PreparedFolder.Sizes;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

class PreparedFolderTest {

    private static final Tokenizer BYTES = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
    private static final Tokenizer WORDS =
            Tokenizer.of(ByteLevelBpeTrainer.train(List.of("the fox sees the dog, the dog hears the fox"), 262));

    @TempDir
    Path folder;

    /** Long and short texts, rows and conversations, as a seed has it. */
    private static Path write(Path folder, long seed) throws IOException {
        Random random = new Random(seed);
        Files.createDirectories(folder);
        for (int file = 1 + random.nextInt(4); file > 0; file--) {
            Files.writeString(folder.resolve("text-" + file + ".txt"), text(random, 1 + random.nextInt(4000)));
        }
        StringBuilder rows = new StringBuilder();
        for (int row = 1 + random.nextInt(30); row > 0; row--) {
            rows.append(
                    random.nextBoolean()
                            ? "{\"text\":\"" + text(random, 1 + random.nextInt(200)) + "\"}\n"
                            : "{\"messages\":[{\"role\":\"user\",\"content\":\"" + text(random, 1 + random.nextInt(50))
                                    + "\"},{\"role\":\"assistant\",\"content\":\"" + text(random, 30)
                                    + "\"},{\"role\":\"user\",\"content\":\"and?\"},{\"role\":\"assistant\",\"content\":\"no\"}]}\n");
        }
        Files.writeString(folder.resolve("rows.jsonl"), rows);
        return folder;
    }

    private static String text(Random random, int characters) {
        String[] words = {"the ", "fox ", "sees ", "dog, ", "Grüße ", "x", "hears "};
        StringBuilder text = new StringBuilder("a");
        while (text.length() < characters) {
            text.append(words[random.nextInt(words.length)]);
        }
        return text.toString();
    }

    private static PreparedFolder prepared(Path out, Path data, int parts, Sizes sizes) {
        return new PreparedFolder(out, List.of(data), Reading.DEFAULT, BYTES, parts, sizes);
    }

    private static void make(PreparedFolder prepared, int part, int parts, BooleanSupplier stop) {
        prepared.make(new Share(part, parts), new TokenizingOptions(2, characters -> {}, stop));
    }

    private static void merge(PreparedFolder prepared, Path out) {
        assertTrue(prepared.missing().isEmpty());
        prepared.merged().write((name, content) -> {
            try (FileChannel channel =
                    FileChannel.open(out.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                content.writeTo(Channels.newChannel(Channels.newOutputStream(channel)));
            } catch (IOException problem) {
                throw new UncheckedIOException(problem);
            }
        });
    }

    private static Path whole(Path out, Path data, int parts, Sizes sizes) {
        List<Integer> order = new ArrayList<>(
                LongStream.rangeClosed(1, parts).mapToObj(part -> (int) part).toList());
        Collections.shuffle(order, new Random(parts));
        for (int part : order) {
            make(prepared(out, data, parts, sizes), part, parts, () -> false);
        }
        merge(prepared(out, data, parts, sizes), out);
        return out;
    }

    private static TokenFile open(Path out) {
        return Corpus.files(List.of(out)).tokens(null, BYTES, TokenizingOptions.of(() -> false));
    }

    /** The names of the files that are not in both folders with the same bytes. */
    private static List<String> different(Path one, Path other) throws IOException {
        Map<String, String> first = files(one);
        Map<String, String> second = files(other);
        Set<String> names = new TreeSet<>(first.keySet());
        names.addAll(second.keySet());
        assertTrue(names.contains("tokens.json"));
        names.removeIf(name -> first.getOrDefault(name, "").equals(second.get(name)));
        return List.copyOf(names);
    }

    private static Map<String, String> files(Path out) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(out)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(file.getFileName().toString(), Fingerprint.of(file));
            }
        }
        return files;
    }

    /** The bytes do not depend on the parts, and what is in them is what one pass over the text makes. */
    @Property(tries = 25)
    void anyNumberOfPartsMakesTheSameBytes(
            @ForAll @IntRange(max = 1_000_000) int seed,
            @ForAll @IntRange(min = 2, max = 7) int parts,
            @ForAll @IntRange(min = 1, max = 3000) int characters,
            @ForAll @IntRange(min = 1, max = 9000) int section,
            @ForAll @IntRange(min = 4, max = 7) int shift,
            @ForAll boolean large)
            throws IOException {
        Path place = WrittenTokens.folder();
        Path data = write(place.resolve("data"), seed);
        int block = characters;
        int shard = shift;
        if (large) { // A document is several passages, and goes on in other blocks.
            Random random = new Random(seed);
            String text = text(random, 70_000 + random.nextInt(70_000));
            Files.writeString(data.resolve("large.txt"), text);
            Files.writeString(data.resolve("large-too.txt"), text.substring(1000));
            block = characters * 10;
            shard = shift + 6;
        }
        Sizes sizes = new Sizes(block, section, 1 << shard);
        Path one = whole(place.resolve("one"), data, 1, sizes);
        assertEquals(List.of(), different(one, whole(place.resolve("several"), data, parts, sizes)));

        TokenFile made = open(one);
        TokenFile direct = TokenFile.open(
                place.resolve("direct"), Corpus.files(List.of(data)), BYTES, TokenizingOptions.of(() -> false), 1000);
        assertEquals(direct.size(), made.size());
        assertEquals(direct.documents(), made.documents());
        assertEquals(direct.sources(), made.sources());
        assertEquals(direct.hasConversations(), made.hasConversations());
        for (long i = 0; i < direct.size(); i++) {
            assertEquals(direct.id(i), made.id(i));
        }
        for (long i = 0; i <= direct.size(); i += large ? 97 : 1) {
            assertEquals(direct.unlearnedBefore(i), made.unlearnedBefore(i));
        }
        for (long document = 0; document < direct.documents(); document++) {
            assertEquals(direct.end(document), made.end(document));
            assertEquals(direct.hash(document), made.hash(document));
        }
        for (long source = 0; source < direct.sources(); source++) {
            assertEquals(direct.firstDocument(source), made.firstDocument(source));
        }
    }

    private static final Sizes SMALL = new Sizes(500, 4000, 1 << 9);

    @Test
    void aPartThatIsStoppedAnywhereGoesOn() throws IOException {
        Path data = write(folder.resolve("data"), 5);
        Path once = whole(folder.resolve("once"), data, 2, SMALL);
        Path out = folder.resolve("out");
        int stops = 0;
        for (int asked = 1; ; asked++) {
            int[] left = {asked};
            try {
                make(prepared(out, data, 2, SMALL), 1, 2, () -> left[0]-- == 0);
                break;
            } catch (CancellationException stopped) {
                stops++;
                tear(prepared(out, data, 2, SMALL).stage(), stops);
            }
        }
        assertTrue(stops > 3, stops + " stops");
        assertEquals(new TreeSet<>(Set.of(2)), prepared(out, data, 2, SMALL).missing());
        make(prepared(out, data, 2, SMALL), 2, 2, () -> false);
        merge(prepared(out, data, 2, SMALL), out);
        assertEquals(List.of(), different(once, out));
    }

    /** Cuts off some bytes of the files in a folder, as a kill may do. */
    private static void tear(Path stage, int seed) throws IOException {
        if (!Files.exists(stage)) {
            return;
        }
        Random random = new Random(seed);
        try (Stream<Path> all = Files.walk(stage)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (random.nextInt(3) == 0) {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.truncate(Math.max(0, channel.size() - random.nextInt(40)));
                    }
                }
            }
        }
    }

    @Test
    void aDamagedSectionIsNamedAndMadeAgain() throws IOException {
        Path data = write(folder.resolve("data"), 6);
        Path out = folder.resolve("out");
        PreparedFolder prepared = prepared(out, data, 2, SMALL);
        make(prepared, 1, 2, () -> false);
        make(prepared, 2, 2, () -> false);
        Path ids = Files.walk(prepared.stage())
                .filter(file -> file.endsWith("ids.bin"))
                .sorted()
                .reduce((first, second) -> second)
                .orElseThrow();
        flip(ids, 3);
        String message =
                assertThrows(DamagedTokensException.class, prepared::merged).getMessage();
        assertTrue(message.contains(ids.getParent() + " is damaged: make part"), message);
        int part = prepared.missing().first();
        assertTrue(message.contains("part " + part + "/2 again"), message);
        make(prepared, part, 2, () -> false);
        merge(prepared, out);
        assertEquals(List.of(), different(whole(folder.resolve("once"), data, 1, SMALL), out));
    }

    private static void flip(Path file, int place) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[place] ^= 1;
        Files.write(file, bytes);
    }

    @Test
    void otherDataOrAnotherNumberOfPartsIsRefused() throws IOException {
        Path data = write(folder.resolve("data"), 7);
        Path other = write(folder.resolve("other"), 8);
        Path out = folder.resolve("out");
        make(prepared(out, data, 2, SMALL), 1, 2, () -> false);
        refused("begun in 2 parts and not in 3", () -> prepared(out, data, 3, SMALL));
        refused("other data", () -> prepared(out, other, 2, SMALL));
        Sizes larger = new Sizes(SMALL.block(), SMALL.section(), 2 * SMALL.shard());
        String begun = "shard tokens " + 2 * SMALL.shard() + " is not " + SMALL.shard() + ", with which " + out;
        refused(begun, prepared(out, data, 2, larger)::requireShards);
        prepared(out, data, 2, SMALL).requireShards();
        refused("not finished", () -> Corpus.files(List.of(out)));
        make(prepared(out, data, 2, SMALL), 2, 2, () -> false);
        merge(prepared(out, data, 2, SMALL), out);
        assertTrue(prepared(out, data, 3, SMALL).isFinished());
        refused(begun, prepared(out, data, 3, larger)::requireShards);
        refused("other data", () -> prepared(out, other, 2, SMALL));
        refused("tokens already", () -> prepared(folder.resolve("again"), out, 2, SMALL));
    }

    private static void refused(String words, Runnable action) {
        String message =
                assertThrows(IllegalArgumentException.class, action::run).getMessage();
        assertTrue(message.contains(words), message);
        assertFalse(message.contains("\n"), message);
    }

    @Test
    void aShardIsVerifiedWhenItIsFirstRead() throws IOException {
        Path out = whole(folder.resolve("out"), write(folder.resolve("data"), 9), 1, SMALL);
        Path shard = out.resolve("ids-00002.bin");
        byte[] good = Files.readAllBytes(shard);
        flip(shard, 100);
        TokenFile file = open(out);
        long first = 2L << 9;
        int[] before = LongStream.range(0, first).mapToInt(file::id).toArray();
        refused(shard + " is damaged: its CRC-32C is", () -> file.id(first));
        refused(shard + " is damaged", () -> file.id(first + 7));
        Files.write(shard, good);
        file.id(first);
        Files.delete(shard);
        file.id(first + 1); // It is mapped.
        assertArrayEquals(before, LongStream.range(0, first).mapToInt(file::id).toArray());
    }

    @Test
    void missingAndWrongFilesAreNamedAtOnce() throws IOException {
        Path data = write(folder.resolve("data"), 10);
        Path out = whole(folder.resolve("out"), data, 1, SMALL);
        Path shard = out.resolve("ids-00001.bin");
        byte[] good = Files.readAllBytes(shard);
        Files.write(shard, Arrays.copyOf(good, good.length - 1));
        refused(shard + " has " + (good.length - 1) + " bytes; by tokens.json it has " + good.length, () -> open(out));
        Files.delete(shard);
        refused(shard + " is missing", () -> open(out));
        Files.write(shard, good);
        refused("tokens of another tokenizer, with 259 ids", () -> Corpus.files(List.of(out))
                .tokens(null, WORDS, TokenizingOptions.of(() -> false)));
        refused("cannot be put together", () -> Corpus.files(List.of(data, out)));
        refused("how their text is read", () -> Corpus.files(List.of(out), Reading.DEFAULT.separator("#")));
        Path manifest = out.resolve("tokens.json");
        String content = Files.readString(manifest);
        for (String[] change : new String[][] {
            {"\"format\" : 1", "\"format\" : 2", "has format 2; this version of Perdure reads up to 1"},
            {"\"shard\" : 512", "\"shard\" : 500", "is damaged: a vocabulary of 259 or shards of 500"},
            {"\"shard\" : 512", "\"shard\" : 1024", "is damaged: shard 0 of \"ids\""},
            {"ids-00001.bin", "../00001.bin", "is damaged: shard 1 of \"ids\""},
            {"\"documents\" : ", "\"documents\" : 1", "is damaged: its numbers of tokens"},
            {"\"unlearned\" : ", "\"unlearned\" : -", "is damaged: its numbers of tokens"},
            {"\"columns\"", "\"columms\"", "is damaged: format, text"},
            {"\"width\" : 2", "\"width\" : 4", "is damaged: column 0"},
            {"]\n}", "]", "is damaged: it is not JSON: it ends too early (line "},
            {"\"shard\" : 512", "\"shard\" : \"x\"", "is damaged: shard is \"x\", which is not a whole number"},
            {"\"columns\" : [", "\"columns\" : 7, \"x\" : [", "is damaged: columns is 7, which is not a list."},
        }) {
            assertTrue(content.contains(change[0]), change[0]);
            Files.writeString(manifest, content.replace(change[0], change[1]));
            refused(change[2], () -> open(out));
        }
        Files.writeString(manifest, content);
        assertEquals(Fingerprint.of(manifest), open(out).fingerprint());
    }

    @Test
    void aFileOfDataMayHaveTheNameOfTheManifest() throws IOException {
        Files.writeString(folder.resolve("tokens.json"), "[{\"text\":\"one\"},{\"text\":\"two\"}]");
        assertNull(Corpus.files(List.of(folder)).prepared());
    }
}
