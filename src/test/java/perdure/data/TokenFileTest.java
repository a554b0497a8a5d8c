package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.data.TokenWriter.Encoded;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

class TokenFileTest {

    private static final Tokenizer BYTES = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));

    private static final TokenizingOptions OPTIONS = TokenizingOptions.of(() -> false);

    @TempDir
    private Path folder;

    private Path text;

    @BeforeEach
    void writeText() throws IOException {
        text = Files.writeString(folder.resolve("text.txt"), "Grüße, world\n".repeat(6_000));
    }

    @Test
    void holdsTheTokensOfTheTextAndAnEndOfText() {
        TokenFile file = open();
        int[] expected = BYTES.encode("Grüße, world\n".repeat(6_000));

        assertEquals(expected.length + 1, file.size());
        assertArrayEquals(expected, ids(file, expected.length));
        assertEquals(BYTES.endOfText(), file.id(expected.length));
    }

    @Test
    void holdsConversationsAsChatMl() {
        Corpus corpus = Corpus.conversations(List.of(
                new Conversation(List.of(
                        new ChatMessage(ChatMessage.USER, "hi"), new ChatMessage(ChatMessage.ASSISTANT, "yes?"))),
                new Conversation(List.of(new ChatMessage(ChatMessage.USER, "bye")))));
        TokenFile file = TokenFile.open(folder, corpus, BYTES, OPTIONS);

        assertEquals(
                "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes?<|im_end|>\n<|endoftext|>"
                        + "<|im_start|>user\nbye<|im_end|>\n<|endoftext|>",
                BYTES.decode(ids(file, (int) file.size())));
    }

    @Test
    void knowsDocumentsFilesAndWhatIsLearned() throws IOException {
        Files.writeString(folder.resolve("chat.jsonl"), """
                {"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes?"}]}
                {"text":"plain"}
                {"messages":[{"role":"user","content":"bye"}]}
                """);
        TokenFile file =
                TokenFile.open(folder, Corpus.files(List.of(folder.resolve("chat.jsonl"), text)), BYTES, OPTIONS);

        assertEquals(4, file.documents());
        assertEquals(2, file.sources());
        assertEquals(3, file.firstDocument(1));
        assertEquals(file.size(), file.end(3));
        assertEquals("plain<|endoftext|>", BYTES.decode(ids(file, file.start(1), file.end(1))));
        assertEquals("yes?<|im_end|>plain<|endoftext|>", learned(file, 0, file.end(2)));
        assertEquals(
                file.end(3) - file.start(3), BYTES.encode(learned(file, file.start(3), file.end(3) - 1)).length + 1);
        assertTrue(file.hasConversations());
        assertFalse(open().hasConversations());
    }

    /** Text is read, given to threads and written in blocks of powers of two: what ends with one is lost most easily. */
    @Property(tries = 60)
    void everyTextIsTokenizedToItsEnd(
            @ForAll @IntRange(min = 1, max = 3) int threads,
            @ForAll @Size(min = 1, max = 3) List<@IntRange(min = 13, max = 19) Integer> exponents,
            @ForAll @IntRange(min = -1, max = 1) int beyond,
            @ForAll @IntRange(min = 13, max = 20) int part,
            @ForAll boolean rows)
            throws IOException {
        List<String> texts = new ArrayList<>();
        for (int exponent : exponents) {
            texts.add(("The fox sees\n" + exponent).repeat(1 << 16).substring(0, (1 << exponent) + beyond));
        }
        Path place = WrittenTokens.folder();
        List<Path> files = new ArrayList<>();
        if (rows) {
            StringBuilder lines = new StringBuilder();
            texts.forEach(text -> lines.append("{\"text\":\"")
                    .append(text.replace("\n", "\\n"))
                    .append("\"}\n"));
            files.add(Files.writeString(place.resolve("a.jsonl"), lines));
        } else {
            for (String text : texts) {
                files.add(Files.writeString(place.resolve(files.size() + ".txt"), text));
            }
        }
        TokenizingOptions options = new TokenizingOptions(threads, done -> {}, () -> false);
        TokenFile file = TokenFile.open(place, Corpus.files(files), BYTES, options, 1L << part);

        List<String> read = LongStream.range(0, file.documents())
                .mapToObj(i -> BYTES.decode(ids(file, file.start(i), file.end(i) - 1)))
                .sorted()
                .toList();
        assertEquals(texts.stream().sorted().toList(), read);
    }

    private static String learned(TokenFile file, long from, long to) {
        return BYTES.decode(LongStream.range(from, to)
                .filter(file::isLearned)
                .mapToInt(file::id)
                .toArray());
    }

    @Test
    void equalDocumentsHaveEqualHashes() throws IOException {
        Path lines = Files.writeString(
                folder.resolve("a.jsonl"), "{\"text\":\"one\"}\n{\"text\":\"two\"}\n{\"text\":\"one\"}\n");
        TokenFile file = TokenFile.open(folder, Corpus.files(List.of(lines)), BYTES, OPTIONS);

        assertEquals(file.hash(0), file.hash(2));
        assertNotEquals(file.hash(0), file.hash(1));
    }

    @Property(tries = 30)
    void theNumberOfUnlearnedTokensIsCounted(@ForAll @Size(max = 60) List<Boolean> learned) throws IOException {
        List<Encoded> passages = new ArrayList<>();
        for (boolean one : learned) {
            passages.add(WrittenTokens.encoded(new int[] {1}, one ? 1 : 0, 1, false));
        }
        passages.add(WrittenTokens.encoded(new int[] {0}, 0, 1, true));
        int half = passages.size() / 2;
        Path place = WrittenTokens.folder();
        TokenFile file = WrittenTokens.of(
                place, 259, List.of(passages.subList(0, half), passages.subList(half, passages.size())));
        long unlearned = 0;
        for (int i = 0; i < learned.size(); i++) {
            assertEquals(unlearned, file.unlearnedBefore(i));
            assertEquals(learned.get(i), file.isLearned(i));
            unlearned += learned.get(i) ? 0 : 1;
        }
        assertEquals(unlearned + 1, file.unlearnedBefore(file.size()));
    }

    @Test
    void aWholeFileIsUsedAgain() throws IOException {
        Path ids = open().path().resolve("ids.bin");
        Files.setLastModifiedTime(ids, FileTime.fromMillis(0));
        open();

        assertEquals(FileTime.fromMillis(0), Files.getLastModifiedTime(ids));
    }

    @Test
    void otherTextOrAnotherTokenizerIsAnotherFile() throws IOException {
        TokenFile first = open();
        Tokenizer merged = Tokenizer.of(ByteLevelBpeTrainer.train(List.of("world world"), 260));
        TokenFile second = TokenFile.open(folder, corpus(), merged, OPTIONS);
        Files.writeString(text, "more", StandardOpenOption.APPEND);
        TokenFile third = open();

        assertNotEquals(first.path(), second.path());
        assertNotEquals(first.path(), third.path());
        assertNotEquals(first.fingerprint(), third.fingerprint());
    }

    @Test
    void whatIsDamagedIsTokenizedAgain() throws IOException {
        Path file = open().path();
        Map<String, String> whole = contents(file);
        for (String name : whole.keySet()) {
            byte[] bytes = Files.readAllBytes(file.resolve(name));
            for (int place : new int[] {0, 20, bytes.length / 2, bytes.length - 2, bytes.length - 1}) {
                if (place < 0 || place >= bytes.length) {
                    continue;
                }
                byte[] damaged = bytes.clone();
                damaged[place] ^= 1;
                Files.write(file.resolve(name), damaged);
                open();
                assertEquals(whole, contents(file), name + " damaged at " + place);
            }
            for (int length : new int[] {0, bytes.length - 1, bytes.length + 2}) {
                Files.write(file.resolve(name), Arrays.copyOf(bytes, Math.max(0, length)));
                open();
                assertEquals(whole, contents(file), name + " of length " + length);
            }
            Files.delete(file.resolve(name));
            open();
            assertEquals(whole, contents(file), name + " deleted");
        }
    }

    private static Map<String, String> contents(Path file) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (var files = Files.list(file)) {
            for (Path each : files.toList()) {
                contents.put(each.getFileName().toString(), Fingerprint.of(each));
            }
        }
        return contents;
    }

    /** However often it is stopped, with any number of threads: no part twice, and the same bytes. */
    @Property(tries = 15)
    void tokenizingGoesOnWhereItWasStopped(
            @ForAll @IntRange(min = 1, max = 4) int threads,
            @ForAll @Size(min = 1, max = 5) List<@IntRange(min = 1, max = 900) Integer> stops)
            throws IOException {
        Path place = WrittenTokens.folder();
        Path lines = place.resolve("a.jsonl");
        StringBuilder documents = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            documents
                    .append("{\"messages\":[{\"role\":\"user\",\"content\":\"What is ")
                    .append(i)
                    .append("?\"},{\"role\":\"assistant\",\"content\":\"It is ")
                    .append("one more than ".repeat(i % 7))
                    .append("nothing.\"}]}\n");
        }
        Files.writeString(lines, documents);
        Path unbroken = place.resolve("unbroken");
        Path expected = TokenFile.open(unbroken, Corpus.files(List.of(lines)), BYTES, OPTIONS, 1000)
                .path();

        Path broken = place.resolve("broken");
        List<String> finished = List.of();
        for (int stop : stops) {
            AtomicInteger asked = new AtomicInteger();
            try {
                TokenFile.open(
                        broken,
                        Corpus.files(List.of(lines)),
                        BYTES,
                        new TokenizingOptions(threads, done -> {}, () -> asked.incrementAndGet() > stop),
                        1000);
                break;
            } catch (CancellationException stopped) {
                List<String> now = parts(broken.resolve(TokenFile.UNFINISHED));
                assertEquals(finished, now.subList(0, finished.size()));
                finished = now;
            }
        }
        TokenFile last = TokenFile.open(broken, Corpus.files(List.of(lines)), BYTES, OPTIONS, 1000);

        assertEquals(contents(expected), contents(last.path()));
        assertTrue(parts(expected).size() > 10);
    }

    private static List<String> parts(Path file) throws IOException {
        Path contents = file.resolve(TokenParts.FILE);
        return Files.exists(contents)
                ? Files.readAllLines(contents).stream()
                        .filter(line -> line.contains("columns"))
                        .toList()
                : List.of();
    }

    /** What was tokenized of an unfinished text is not taken for tokens of a text that is another one by now. */
    @Test
    void partsOfAnotherTextAreNotUsed() throws IOException {
        String lines = "{\"text\":\"The quick brown fox.\"}\n".repeat(200);
        Path file = Files.writeString(folder.resolve("a.jsonl"), lines);
        AtomicInteger asked = new AtomicInteger();
        assertThrows(
                CancellationException.class,
                () -> TokenFile.open(
                        folder,
                        Corpus.files(List.of(file)),
                        BYTES,
                        new TokenizingOptions(1, done -> {}, () -> asked.incrementAndGet() > 150),
                        100));
        int recorded = parts(folder.resolve(TokenFile.UNFINISHED)).size();
        assertTrue(recorded > 5);
        String changed = lines.substring(0, lines.length() / 4)
                + lines.substring(lines.length() / 4).replace("fox", "dog");
        Files.writeString(file, changed);
        TokenFile resumed = TokenFile.open(folder, Corpus.files(List.of(file)), BYTES, OPTIONS, 100);
        TokenFile fresh = TokenFile.open(folder.resolve("fresh"), Corpus.files(List.of(file)), BYTES, OPTIONS, 100);

        assertEquals(contents(fresh.path()), contents(resumed.path()));
    }

    @Test
    void textThatChangesWhileItIsReadIsCaught() throws IOException {
        String before = Files.readString(text);
        String problem = assertThrows(
                        UncheckedIOException.class,
                        () -> TokenFile.open(folder, corpus(), BYTES, new TokenizingOptions(1, done -> {}, () -> {
                            write(before.replace("world", "WORLD"), 9);
                            return false;
                        })))
                .getMessage();

        assertTrue(problem.contains(text + ": ") && problem.contains("changed while it was read"), problem);
        assertFalse(list().stream().anyMatch(file -> file.toString().contains("tokens-")));
    }

    @Test
    void textThatChangedSinceItWasReadBeforeIsCaught() throws IOException {
        FileTime time = Files.getLastModifiedTime(text);
        Corpus corpus = corpus();
        corpus.fingerprint(() -> false);
        Files.writeString(text, Files.readString(text).replace("world", "WORLD"));
        Files.setLastModifiedTime(text, time);

        assertThrows(UncheckedIOException.class, () -> TokenFile.open(folder, corpus, BYTES, OPTIONS));
        assertFalse(list().stream().anyMatch(file -> file.toString().contains("tokens-")));
    }

    private void write(String content, long time) {
        try {
            Files.writeString(text, content);
            Files.setLastModifiedTime(text, FileTime.fromMillis(time));
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    @Test
    void badTextLeavesNothingBehind() throws IOException {
        Files.write(text, new byte[] {'a', (byte) 0xff}, StandardOpenOption.APPEND);

        assertThrows(IllegalArgumentException.class, this::open);
        assertEquals(List.of(text), list());
    }

    @Test
    void unusedTokensAreDeleted() throws IOException {
        Path old = Files.writeString(folder.resolve("tokens-0123456789abcdef.bin"), "old");
        Path mine = Files.writeString(folder.resolve("tokens-of-mine.bin"), "mine");
        TokenFile first = open();
        Files.writeString(text, "more", StandardOpenOption.APPEND);
        TokenFile second = open();
        TokenFile.prune(folder, List.of(second));

        assertFalse(Files.exists(old));
        assertFalse(Files.exists(first.path()));
        assertTrue(Files.exists(mine));
        assertTrue(Files.exists(second.path()));
    }

    @Test
    void manyMapsReadAsOne() throws IOException {
        TokenFile whole = open();
        TokenFile pieces = TokenFile.map(whole.path(), 10);

        assertArrayEquals(ids(whole, (int) whole.size()), ids(pieces, (int) whole.size()));
        assertEquals(whole.end(0), pieces.end(0));
    }

    /** A sparse file of 5 GiB. Only its two ends hold data. */
    @Test
    void filesBeyondTwoGibibytesAreReadAtBothEnds() throws IOException {
        long count = 5L << 28;
        Path file = folder.resolve("large.bin");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(new byte[] {7, 0, 0, 0}), 0);
            channel.write(ByteBuffer.wrap(new byte[] {1, 2, 1, 0}), count * 4 - 4);
        }
        NumberFile numbers = NumberFile.map(file, 4, count, NumberFile.MAP_SHIFT);

        assertEquals(7, numbers.at(0));
        assertEquals(0, numbers.at(3L << 28));
        assertEquals(0x10201, numbers.at(count - 1));
    }

    @Test
    void idsTakeTwoBytesWhereTheVocabularyAllowsIt() {
        assertEquals(2, TokenParts.Header.of("", 65_536).width(TokenParts.Column.IDS));
        assertEquals(4, TokenParts.Header.of("", 65_537).width(TokenParts.Column.IDS));
        int[] ids = {69_999, 0, 40_000};
        assertArrayEquals(ids, ids(WrittenTokens.of(folder.resolve("wide"), 70_000, ids), 3));
        int[] narrow = {65_535, 0, 40_000};
        assertArrayEquals(narrow, ids(WrittenTokens.of(folder.resolve("narrow"), 65_536, narrow), 3));
    }

    @Test
    void theLastFractionIsHeldOut() {
        TokenFile file = open();
        TokenRange training = file.training(0.1);
        TokenRange validation = file.validation(0.1);

        assertEquals(file.size() / 10, validation.size());
        assertEquals(file.size(), training.size() + validation.size());
        assertEquals(file.id(training.size()), validation.id(0));
    }

    @Test
    void aFractionThatLeavesNothingIsRefused() throws IOException {
        Files.writeString(text, "abc");
        TokenFile file = open();

        for (double fraction : new double[] {-1, 0, 0.1, 0.9, 1, Double.NaN}) {
            String message = assertThrows(IllegalArgumentException.class, () -> file.validation(fraction))
                    .getMessage();
            assertTrue(message.startsWith("validation fraction " + fraction), message);
        }
    }

    private Corpus corpus() {
        return Corpus.files(List.of(text));
    }

    private TokenFile open() {
        return TokenFile.open(folder, corpus(), BYTES, OPTIONS);
    }

    private List<Path> list() throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }

    private static int[] ids(TokenFile file, int count) {
        return ids(file, 0, count);
    }

    private static int[] ids(TokenFile file, long from, long to) {
        return LongStream.range(from, to).mapToInt(file::id).toArray();
    }
}
