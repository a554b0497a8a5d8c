package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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

    /** Those before them and after them are read all the same. */
    @Test
    void groupsWithoutRowsArePassedOver() {
        assertEquals(
                List.of("a", "b", "a", "b"),
                read(GOLDEN.resolve("empty-groups.parquet")).stream()
                        .map(Passage::text)
                        .toList());
    }

    /** The tools that may be called, and calls that a table has as text. */
    @Test
    void readsToolsAndTheirCalls() {
        List<Passage> passages = read(GOLDEN.resolve("tools.parquet"));
        assertEquals(
                List.of(Map.of("type", "function", "function", Map.of("name", "f"))),
                passages.get(0).fields().get("tools"));
        assertEquals(
                "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>",
                passages.get(1).text());
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
        assertRefused(GOLDEN.resolve("kto.parquet"), "row 1 has the label false: its answer is not a good one");
        assertRefused(GOLDEN.resolve("two-columns.parquet"), "has two columns \"text\".");
        assertRefused(GOLDEN.resolve("two-fields.parquet"), "has two columns \"messages.list.element.content\".");
        assertRefused(GOLDEN.resolve("no-columns.parquet"), "is Parquet that has no columns, or less than it says.");
        assertRefused(GOLDEN.resolve("bytes.parquet"), "row 2 has \"text\": (bytes), which is not text.");
        assertRefused(GOLDEN.resolve("encrypted-footer.parquet"), "is encrypted Parquet, which is not read.");
        assertRefused(GOLDEN.resolve("encrypted-column.parquet"), "is encrypted Parquet, which is not read.");
        byte[] good = Files.readAllBytes(GOLDEN.resolve("text-zstd.parquet"));
        for (int length : new int[] {4, 7, good.length / 2, good.length - 1}) {
            assertRefused(
                    Files.write(folder.resolve("a.parquet"), Arrays.copyOf(good, length)),
                    "is Parquet and ends too early: it is not complete.");
        }
        assertRefused(
                Files.writeString(folder.resolve("a.parquet"), "<!DOCTYPE html>"),
                "is not Parquet, which begins with PAR1.");
        assertRefused(
                Files.writeString(folder.resolve("a.parquet"), "version https://git-lfs.github.com/spec/v1\noid"),
                "is a pointer of Git LFS and not the file itself, which git lfs pull fetches.");
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
