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
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
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
        write("a/ignored.md", "no");

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
        assertRefused(write("a.pdf", "x") + " is of no kind that is read: .txt, .jsonl.", folder.resolve("a.pdf"));
        assertRefused(write("e.txt", "") + " is empty.", folder.resolve("e.txt"));
        assertThrows(IllegalArgumentException.class, () -> Corpus.files(List.of()));
    }

    @Test
    void bytesThatAreNoTextAreNamedByOffset() throws IOException {
        byte[] text = "é".repeat(50_000).getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("a.txt");

        text[70_000] = 0;
        Files.write(file, text);
        assertRefused(file + " is not text: it has a zero byte at offset 70000.", file);
        text[70_000] = (byte) 0xff;
        Files.write(file, text);
        assertRefused(file + " is not UTF-8 text: the byte at offset 70000 is wrong.", file);
        Files.write(file, new byte[] {'a', (byte) 0xe6, (byte) 0x97});
        assertRefused(file + " is not UTF-8 text: the byte at offset 1 is wrong.", file);
    }

    @Test
    void aBadLineIsNamedByNumber() throws IOException {
        assertBadLine("is not JSON", "{\"text\":");
        assertBadLine("is not JSON", "{\"text\":\"a\"} b");
        assertBadLine("does not have exactly one of \"text\" and \"messages\".", "[1]");
        assertBadLine("does not have exactly one of", "{\"text\":\"a\",\"messages\":[]}");
        assertBadLine("has a \"text\" that is not a string", "{\"text\":7}");
        assertBadLine("has \"messages\" that are not a list", "{\"messages\":[]}");
        assertBadLine("has a \"role\" that is not a string", "{\"messages\":[\"hi\"]}");
        assertBadLine("has a \"content\" that is not a string", "{\"messages\":[{\"role\":\"user\"}]}");
        assertBadLine("has the role \"tool\"", "{\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]}");
        assertBadLine("is longer than 16777216 bytes.", "{\"text\":\"a".repeat(FileCorpus.LONGEST_LINE) + "\"}");
    }

    @Test
    void aBadByteInALineIsNamedByOffset() throws IOException {
        Path file = folder.resolve("a.jsonl");
        Files.write(file, "{\"text\":\"é\"}\n{\"text\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));

        assertRefused(file + " is not UTF-8 text: the byte at offset 9 is wrong.", file);
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

    private static List<Passage> passages(Path path) {
        List<Passage> passages = new ArrayList<>();
        Corpus.files(List.of(path)).read(passages::add);
        return passages;
    }

    private static String fingerprint(Path path) {
        return Corpus.files(List.of(path)).fingerprint(() -> false);
    }
}
