package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that pyarrow wrote: {@code scripts/golden/parquet_files.py}. */
class ParquetRowsTest {

    private static final Path GOLDEN = Path.of("src/test/resources/golden/parquet");

    @TempDir
    Path folder;

    private static List<Passage> read(Path file) {
        List<Passage> passages = new ArrayList<>();
        Corpus.files(List.of(file)).read(passages::add);
        return passages;
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "zstd", "v2"})
    void readsTextOfEveryUsualCompression(String kind) {
        assertEquals(
                IntStream.range(0, 100).mapToObj(i -> "row " + i).toList(),
                read(GOLDEN.resolve("text-" + kind + ".parquet")).stream()
                        .map(Passage::text)
                        .toList());
    }

    @Test
    void readsConversations() {
        assertEquals(
                List.of(
                        new Passage("user", "hi", false, false),
                        new Passage("assistant", "yo \u00fc", true, false),
                        new Passage("user", "a", false, false),
                        new Passage("assistant", "b", true, true)),
                read(GOLDEN.resolve("messages.parquet")));
    }

    @Test
    void saysWhichColumnsAreNotUsed() {
        Corpus corpus = Corpus.files(List.of(GOLDEN.resolve("text-none.parquet")));
        corpus.read(passage -> true);

        assertEquals(List.of("1 file, 100 documents.", "Not used: image in 100 rows."), corpus.notes());
    }

    @Test
    void readsDictionariesAndSkipsMaps() {
        assertEquals(
                List.of("a", "b", "a"),
                read(GOLDEN.resolve("dictionary.parquet")).stream()
                        .map(Passage::text)
                        .toList());
    }

    @Test
    void stopsWhenTheReaderHasEnough() {
        List<String> read = new ArrayList<>();
        Corpus.files(List.of(GOLDEN.resolve("text-gzip.parquet"))).read(passage -> {
            read.add(passage.text());
            return read.size() < 50;
        });
        assertEquals(50, read.size());
    }

    @Test
    void whatCannotBeReadIsNamedInOneLine() throws IOException {
        assertRefused(GOLDEN.resolve("other.parquet"), "row 1 has no text: none of text,");
        assertRefused(GOLDEN.resolve("text-brotli.parquet"), "BROTLI is none of Snappy, gzip and Zstandard.");
        assertRefused(
                Files.writeString(folder.resolve("a.parquet"), "PAR1"), " is not Parquet that can be read: it is");
        assertThrows(
                IllegalArgumentException.class,
                () -> read(Files.write(folder.resolve("a.parquet.gz"), new byte[] {1})));
    }

    /** Whatever is damaged: rows are read, or one line says that they cannot be. */
    @Test
    void damageIsNoCrash() throws IOException {
        byte[] good = Files.readAllBytes(GOLDEN.resolve("text-zstd.parquet"));
        Random random = new Random(7);
        Path file = folder.resolve("b.parquet");
        for (int i = 0; i < 300; i++) {
            byte[] bytes = good.clone();
            int place = random.nextInt(bytes.length);
            bytes[place] = (byte) (bytes[place] ^ 1 << random.nextInt(8));
            Files.write(file, bytes);
            try {
                read(file);
            } catch (IllegalArgumentException damaged) {
                assertEquals(1, damaged.getMessage().lines().count(), damaged.getMessage());
            }
        }
    }

    private static void assertRefused(Path file, String problem) {
        String message =
                assertThrows(IllegalArgumentException.class, () -> read(file)).getMessage();
        assertTrue(message.startsWith(file + " ") && !message.contains("  ") && message.contains(problem), message);
        assertEquals(1, message.lines().count());
    }
}
