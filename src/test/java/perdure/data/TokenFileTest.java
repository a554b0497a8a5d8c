package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

class TokenFileTest {

    private static final Tokenizer BYTES = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));

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
        TokenFile file = TokenFile.open(folder, corpus, BYTES, () -> false);

        assertEquals(
                "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyes?<|im_end|>\n<|endoftext|>"
                        + "<|im_start|>user\nbye<|im_end|>\n<|endoftext|>",
                BYTES.decode(ids(file, (int) file.size())));
    }

    @Test
    void aWholeFileIsUsedAgain() throws IOException {
        Path file = open().path();
        Files.setLastModifiedTime(file, FileTime.fromMillis(0));
        open();

        assertEquals(FileTime.fromMillis(0), Files.getLastModifiedTime(file));
    }

    @Test
    void otherTextOrAnotherTokenizerIsAnotherFile() throws IOException {
        TokenFile first = open();
        Tokenizer merged = Tokenizer.of(ByteLevelBpeTrainer.train(List.of("world world"), 260));
        TokenFile second = TokenFile.open(folder, corpus(), merged, () -> false);
        Files.writeString(text, "more", StandardOpenOption.APPEND);
        TokenFile third = open();

        assertNotEquals(first.path(), second.path());
        assertNotEquals(first.path(), third.path());
        assertNotEquals(first.fingerprint(), third.fingerprint());
    }

    @Test
    void aDamagedFileIsBuiltAgain() throws IOException {
        Path file = open().path();
        byte[] whole = Files.readAllBytes(file);
        for (int place : new int[] {0, 8, 12, 16, 24, 28, 40, 64, TokenFileHeader.SIZE, whole.length - 1}) {
            byte[] damaged = whole.clone();
            damaged[place] ^= 1;
            Files.write(file, damaged);
            open();
            assertArrayEquals(whole, Files.readAllBytes(file), "damaged at " + place);
        }
    }

    @Test
    void aFileOfTheWrongLengthIsBuiltAgain() throws IOException {
        Path file = open().path();
        byte[] whole = Files.readAllBytes(file);
        for (int length : new int[] {0, 10, TokenFileHeader.SIZE, whole.length - 1, whole.length + 2}) {
            Files.write(file, Arrays.copyOf(whole, length));
            open();
            assertArrayEquals(whole, Files.readAllBytes(file), "length " + length);
        }
    }

    @Test
    void stoppingLeavesNothingBehind() throws IOException {
        AtomicInteger asked = new AtomicInteger();

        assertThrows(
                CancellationException.class,
                () -> TokenFile.open(folder, corpus(), BYTES, () -> asked.incrementAndGet() == 2));
        assertEquals(List.of(text), list());
    }

    @Test
    void badTextLeavesNothingBehind() throws IOException {
        Files.write(text, new byte[] {'a', 0}, StandardOpenOption.APPEND);

        assertThrows(IllegalArgumentException.class, this::open);
        assertEquals(List.of(text), list());
    }

    @Test
    void manyMapsReadAsOne() throws IOException {
        TokenFile whole = open();
        try (FileChannel channel = FileChannel.open(whole.path())) {
            TokenFile pieces = TokenFile.map(whole.path(), TokenFileHeader.read(channel), 10);
            assertArrayEquals(ids(whole, (int) whole.size()), ids(pieces, (int) whole.size()));
        }
    }

    /** A sparse file of 5 GiB. Only its two ends hold data. */
    @Test
    void filesBeyondTwoGibibytesAreReadAtBothEnds() throws IOException {
        long count = 5L << 28;
        TokenFileHeader header = new TokenFileHeader(4, count, 100_000, 0, "00".repeat(32));
        Path file = folder.resolve("large.bin");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(header.bytes());
            channel.write(ByteBuffer.wrap(new byte[] {7, 0, 0, 0}), TokenFileHeader.SIZE);
            channel.write(ByteBuffer.wrap(new byte[] {1, 2, 1, 0}), header.fileSize() - 4);
        }
        TokenFile tokens = TokenFile.map(file, header, 28);

        assertEquals(7, tokens.id(0));
        assertEquals(0, tokens.id(3L << 28));
        assertEquals(0x10201, tokens.id(count - 1));
    }

    @Test
    void idsTakeTwoBytesWhereTheVocabularyAllowsIt() {
        assertEquals(2, TokenFileHeader.width(65_536));
        assertEquals(4, TokenFileHeader.width(65_537));
    }

    @Test
    void largeIdsAreWrittenInFourBytes() throws IOException {
        Path file = folder.resolve("wide.bin");
        TokenFileHeader header;
        try (TokenFileWriter writer = new TokenFileWriter(file, 70_000)) {
            writer.write(new int[] {69_999, 0, 40_000});
            header = writer.finish("ab".repeat(32));
        }
        assertEquals(header.fileSize(), Files.size(file));
        assertArrayEquals(new int[] {69_999, 0, 40_000}, ids(TokenFile.map(file, header, 28), 3));
    }

    @Test
    void theLastFractionIsHeldOut() {
        TokenFile file = open();
        TokenRange training = file.training(0.1);
        TokenRange validation = file.validation(0.1);

        assertEquals(file.size() / 10, validation.size());
        assertEquals(training.to(), validation.from());
        assertEquals(file.size(), training.size() + validation.size());
    }

    @Test
    void bytesOfTextAreCountedWithoutSpecials() {
        TokenFile file = open();
        long bytes = "Grüße, world\n".getBytes(StandardCharsets.UTF_8).length * 6_000L;

        assertEquals(bytes - 1, file.all().predictedBytes(BYTES));
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
        return TokenFile.open(folder, corpus(), BYTES, () -> false);
    }

    private List<Path> list() throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }

    private static int[] ids(TokenFile file, int count) {
        return LongStream.range(0, count).mapToInt(file::id).toArray();
    }
}
