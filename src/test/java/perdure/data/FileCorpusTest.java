package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.TextPieces;

class FileCorpusTest {

    @TempDir
    private Path folder;

    @Test
    void readsTextAndJsonLinesOfAFolder() throws IOException {
        write("b.txt", "bee");
        write("a/c.jsonl", """
                {"text":"one\\ntwo"}

                {"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes?"}],"id":7}
                """);
        write("a/ignored.pdf", "no");

        assertEquals(
                Set.of(
                        Passage.text("one\ntwo", true),
                        new Passage("user", "hi", false, false),
                        new Passage("assistant", "yes?", true, true),
                        Passage.text("bee", true)),
                Set.copyOf(passages(folder)));
    }

    @Test
    void aLongTextIsOneDocumentInBoundedPieces() throws IOException {
        String text = "Größe, 日本 and 🙂\n".repeat(40_000);
        write("long.txt", text);
        List<Passage> passages = passages(folder);

        assertEquals(text, passages.stream().map(Passage::text).collect(Collectors.joining()));
        assertTrue(passages.size() > 5);
        for (Passage passage : passages) {
            assertTrue(passage.text().length() <= TextPieces.LIMIT);
            assertEquals(passage == passages.get(passages.size() - 1), passage.endsDocument());
        }
    }

    @Test
    void stopsWhenTheReaderHasEnough() throws IOException {
        write("a.txt", "one");
        write("b.jsonl", "{\"text\":\"two\"}\n{\"text\":\"three\"}");
        List<String> read = new ArrayList<>();
        Corpus.files(List.of(folder)).read(passage -> {
            read.add(passage.text());
            return read.size() < 2;
        });

        assertEquals(2, read.size());
    }

    @Test
    void aByteOrderMarkIsNoText() throws IOException {
        write("a.txt", "\ufefftext\ufeff");

        assertEquals(List.of(Passage.text("text\ufeff", true)), passages(folder));
    }

    @Test
    void theFingerprintAndTheOrderAreOfContentsAlone() throws IOException {
        write("a.txt", "one");
        write("b.txt", "two");
        write("c/c.jsonl", "{\"text\":\"three\"}");
        String fingerprint = fingerprint(folder);
        List<Passage> passages = passages(folder);

        Files.move(folder.resolve("a.txt"), folder.resolve("z.txt"));
        Files.move(folder.resolve("c/c.jsonl"), folder.resolve("0.jsonl"));
        assertEquals(fingerprint, fingerprint(folder));
        assertEquals(passages, passages(folder));

        write("b.txt", "TWO");
        assertNotEquals(fingerprint, fingerprint(folder));
        write("b.txt", "two");
        Files.move(folder.resolve("b.txt"), folder.resolve("b.jsonl"));
        assertNotEquals(fingerprint, fingerprint(folder), "it is read in another way");
    }

    /** The fingerprint is what version 0.1.0 computed for these files, under a UTF-8 locale and under LC_ALL=C. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a03fff80803c0fb80d1188305d8a08a68ae8a5fa573f46fa0a530ffc55084e81",
                "1d96d501ead055c8ed5bcd950d314fc3761665b51f9c40aceda5557c16bfc29f"
            })
    void aRunOfVersion010KeepsItsOrder(String recorded) throws IOException {
        assumeTrue(System.getProperty("sun.jnu.encoding").startsWith("UTF"), "names need a UTF-8 locale");
        for (String name : List.of("\u00e9.txt", "z.txt", "a b.txt", ".hidden.txt", "sub/q.txt")) {
            write(name, name + "\n");
        }
        write("sub/m.jsonl", "{\"text\":\"lines\"}\n");
        Corpus former = Corpus.files(List.of(folder)).recordedAs(recorded, () -> false);

        assertEquals(recorded, former.fingerprint(() -> false));
        List<String> read = new ArrayList<>();
        former.read(passage -> read.add(passage.text().strip()));
        assertEquals(List.of(".hidden.txt", "a b.txt", "lines", "sub/q.txt", "z.txt", "\u00e9.txt"), read);
        Corpus other = Corpus.files(List.of(folder));
        assertSame(other, other.recordedAs("0".repeat(64), () -> false));
    }

    @Test
    void aFileThatChangesBetweenTwoReadingsIsNoticed() throws IOException {
        Path file = write("a.txt", "text");
        Corpus corpus = Corpus.files(List.of(folder));
        corpus.check(() -> false);
        write("a.txt", "test");

        String message = assertThrows(UncheckedIOException.class, () -> corpus.check(() -> false))
                .getMessage();
        assertTrue(message.contains(file + ": ") && message.contains("changed"), message);
    }

    @Test
    void whatIsKnownAfterReadingNeedsNoOtherReading() throws IOException {
        Path file = write("a.txt", "text");
        String fingerprint = fingerprint(folder);
        Corpus corpus = Corpus.files(List.of(folder));
        corpus.check(() -> false);
        Files.delete(file);

        assertEquals(fingerprint, corpus.fingerprint(() -> false));
    }

    @Test
    void conversationsHaveAFingerprintToo() {
        Corpus one = Corpus.conversations(List.of(new Conversation(
                List.of(new ChatMessage(ChatMessage.USER, "a"), new ChatMessage(ChatMessage.ASSISTANT, "b")))));
        Corpus two = Corpus.conversations(List.of(
                new Conversation(List.of(new ChatMessage(ChatMessage.USER, "a"))),
                new Conversation(List.of(new ChatMessage(ChatMessage.ASSISTANT, "b")))));

        assertNotEquals(one.fingerprint(() -> false), two.fingerprint(() -> false));
    }

    @Test
    void aFingerprintCanBeStopped() throws IOException {
        Corpus corpus = Corpus.conversations(List.of(new Conversation(
                List.of(new ChatMessage(ChatMessage.USER, "a"), new ChatMessage(ChatMessage.ASSISTANT, "b")))));
        assertThrows(CancellationException.class, () -> corpus.fingerprint(() -> true));
        Corpus files = Corpus.files(List.of(write("a.txt", "a")));
        assertThrows(CancellationException.class, () -> files.fingerprint(() -> true));
    }

    @Test
    void aPathThatGivesNoTextIsNamed() throws IOException {
        assertRefused(folder.resolve("none.txt") + " does not exist.", folder.resolve("none.txt"));
        assertThrows(IllegalArgumentException.class, () -> Corpus.files(List.of(Path.of(""))));
        assertRefused(
                write("a.pdf", "x") + " is of no kind that is read: " + FileFormat.all() + ".",
                folder.resolve("a.pdf"));
        assertRefused(write("e.txt", "") + " is empty.", folder.resolve("e.txt"));
        assertThrows(IllegalArgumentException.class, () -> Corpus.files(List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nothing.txt.gz", "nothing.jsonl.gz", "mark.txt", "lines.jsonl", "header.csv"})
    void filesWithoutTextAreNamed(String name) throws IOException {
        write("mark.txt", "\ufeff");
        write("lines.jsonl", "\n");
        write("header.csv", "text\n");
        Path file = folder.resolve(name);
        if (name.endsWith(".gz")) {
            new GZIPOutputStream(Files.newOutputStream(file)).close();
        }
        assertRefused(file + " has no text.", file);
        write("other.txt", "text");
        assertEquals(
                "text",
                passages(file, folder.resolve("other.txt")).stream()
                        .map(Passage::text)
                        .collect(Collectors.joining()));
    }

    @Test
    void bytesThatAreNoTextAreNamedByOffset() throws IOException {
        byte[] text = "é".repeat(50_000).getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("a.txt");

        text[70_000] = (byte) 0xff;
        Files.write(file, text);
        assertRefused(
                file + " is not UTF-8 text: the byte at offset 70000 is wrong. Bytes that are no text can be skipped",
                file);
        Files.write(file, new byte[] {'a', (byte) 0xc3, (byte) 0xa9, (byte) 0xe6, (byte) 0x97});
        assertRefused(
                file + " is not UTF-8 text: the byte at offset 3 is wrong. Bytes that are no text can be skipped",
                file);
    }

    @Test
    void aBadLineIsNamedByNumber() throws IOException {
        assertBadLine("is not JSON: it ends too early.", "{\"text\":");
        assertBadLine("is not JSON: Unrecognized token 'b'.", "{\"text\":\"a\"} b");
        assertBadLine("has the message 1, which is not an object with a role and content.", "[1]");
        assertBadLine("has \"text\": 7, which is not text.", "{\"text\":7}");
        assertBadLine("has no text: none of text,", "{\"messages\":[]}");
        assertBadLine("has no text: none of text,", "{\"id\":[]}");
        assertBadLine(
                "has the message \"hi\", which is not an object with a role and content.", "{\"messages\":[\"hi\"]}");
        assertBadLine("has a message without a role, but with content.", "{\"messages\":[{\"content\":\"hi\"}]}");
        assertBadLine("has a message of the role user without content.", "{\"messages\":[{\"role\":\"user\"}]}");
        assertBadLine("has the role \"a\ufffdb\"", "{\"messages\":[{\"role\":\"a\\nb\",\"content\":\"a\"}]}");
        assertBadLine("is longer than 16777216 characters.", "{\"text\":\"a".repeat(1 + JsonValues.LONGEST / 9));
    }

    @Test
    void aBadByteInALineIsNamedByOffset() throws IOException {
        Path file = folder.resolve("a.jsonl");
        Files.write(file, "{\"text\":\"e\"}\n{\"text\":\"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));

        assertRefused(
                file + " is not UTF-8 text: the byte at offset 25 is wrong. It looks like ISO-8859-1 (Latin-1):"
                        + " choose that encoding",
                file);
    }

    @Test
    void whatIsInvalidCanBeLeftOutAndIsCounted() throws IOException {
        write(
                "a.jsonl",
                "{\"text\":\"one\"}\n{oops\n{\"id\":3}\n" + "x".repeat(JsonValues.LONGEST + 9)
                        + "\n{\"text\":\"two\",\"id\":3}\n");
        Files.write(folder.resolve("b.txt"), new byte[] {'a', (byte) 0xff, 'b', (byte) 0xfe, (byte) 0xfd});
        Corpus corpus = Corpus.files(List.of(folder), new Reading(StandardCharsets.UTF_8, true, null));
        Set<String> read = new HashSet<>();
        corpus.read(passage -> read.add(passage.text()));

        assertEquals(Set.of("one", "two", "ab"), read);
        assertEquals("2 files, 3 documents.", corpus.notes().get(0));
        assertEquals("Not used: id in 1 row.", corpus.notes().get(1));
        assertTrue(
                corpus.notes()
                        .get(2)
                        .startsWith("Left out: 3 invalid rows; the first: " + folder.resolve("a.jsonl")
                                + " line 2 is not JSON"),
                corpus.notes().get(2));
        assertEquals(
                "Left out: 3 bytes that the encoding does not have.",
                corpus.notes().get(3));
        assertNotEquals(Corpus.files(List.of(folder)).fingerprint(() -> false), corpus.fingerprint(() -> false));
    }

    @Test
    void zerosAndHalvesOfPairsAreTheSameInEveryFormat() throws IOException {
        write("a.txt", "a\0b");
        Files.write(folder.resolve("b.txt"), new byte[] {'c', (byte) 0xed, (byte) 0xa0, (byte) 0xbd, 'd'});
        write("c.jsonl", "{\"text\":\"e\\u0000f\\ud83d\\ude42\\ude42\"}\n{\"text\":\"g\0h\"}");
        write("d.csv", "text\ni\0j\n");
        Set<String> read = new HashSet<>();
        Corpus corpus = Corpus.files(List.of(folder));
        corpus.read(passage -> read.add(passage.text()));

        assertEquals(Set.of("ab", "c\ufffdd", "ef\ud83d\ude42\ufffd", "gh", "ij"), read);
        assertEquals(
                List.of(
                        "4 files, 5 documents.",
                        "Left out: 4 zero characters.",
                        "Replaced by U+FFFD: 2 half surrogate pairs."),
                corpus.notes());
    }

    @Test
    void anotherEncodingIsAnotherText() throws IOException {
        Path file = Files.write(folder.resolve("a.txt"), "\u4e2d\u6587\u7684\u4eba".getBytes("GBK"));
        assertRefused(
                file + " is not UTF-8 text: the byte at offset 0 is wrong. It looks like GBK: choose that encoding",
                file);
        Corpus corpus = Corpus.files(List.of(file), new Reading(Reading.encoding("gbk"), false, null));
        List<String> read = new ArrayList<>();
        corpus.read(passage -> read.add(passage.text()));

        assertEquals(List.of("\u4e2d\u6587\u7684\u4eba"), read);
        assertNotEquals(corpus.fingerprint(() -> false), fingerprint(file));
        assertThrows(IllegalArgumentException.class, () -> Reading.encoding("UTF-99"));
        assertEquals(StandardCharsets.ISO_8859_1, Reading.encoding("latin-1"));
        assertEquals(StandardCharsets.UTF_8, Reading.encoding("utf-8-sig"));
    }

    private void assertBadLine(String problem, String line) throws IOException {
        Path file = write("bad.jsonl", "{\"text\":\"good\"}\n" + line + "\n");
        String message = assertThrows(IllegalArgumentException.class, () -> Corpus.files(List.of(file))
                        .check(() -> false))
                .getMessage();
        assertTrue(message.startsWith(file + " line 2 " + problem), message);
        assertEquals(1, message.lines().count());
    }

    private static void assertRefused(String message, Path path) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, () -> Corpus.files(List.of(path))
                                .check(() -> false))
                        .getMessage());
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static List<Passage> passages(Path... paths) {
        List<Passage> passages = new ArrayList<>();
        Corpus.files(List.of(paths)).read(passages::add);
        return passages;
    }

    private static String fingerprint(Path path) {
        return Corpus.files(List.of(path)).fingerprint(() -> false);
    }
}
