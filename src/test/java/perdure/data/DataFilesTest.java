package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFilesTest {

    @TempDir
    Path folder;

    private Path write(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    private static Set<String> names(DataFiles found) {
        return found.files().stream()
                .map(file -> file.path().getFileName().toString())
                .collect(Collectors.toSet());
    }

    private static String refused(Path... paths) {
        return assertThrows(IllegalArgumentException.class, () -> DataFiles.at(List.of(paths)))
                .getMessage();
    }

    @Test
    void leaveOutWhatIsNotForPeopleAndSayIt() throws IOException {
        write("a.txt", "a");
        write("sub/B.TXT", "b");
        write("1.png", "x");
        write("2.png", "x");
        write(".DS_Store", "x");
        write("._a.txt", "\0\5\26\7");
        write("__MACOSX/a.txt", "x");
        write(".ipynb_checkpoints/a-checkpoint.txt", "x");
        write("empty.txt", "");
        write("README", "x");
        Files.createSymbolicLink(folder.resolve("gone.txt"), folder.resolve("nowhere"));
        DataFiles found = DataFiles.at(List.of(folder));

        assertEquals(Set.of("a.txt", "B.TXT"), names(found));
        assertEquals(
                "9 skipped (.png 2, .DS_Store 1, ._* 1, .ipynb_checkpoints 1, README 1, __MACOSX 1, other 2)",
                found.skipped());
        assertEquals("", DataFiles.at(List.of(folder.resolve("a.txt"))).skipped());
    }

    @Test
    void aFolderThatIsGivenMayBeHidden() throws IOException {
        write(".data/a.txt", "a");

        assertEquals(Set.of("a.txt"), names(DataFiles.at(List.of(folder.resolve(".data")))));
    }

    @Test
    void anEmptyFileThatIsGivenIsRefused() throws IOException {
        Path empty = write("empty.txt", "");
        assertEquals(empty + " is empty.", refused(write("a.txt", "a"), empty));
    }

    @Test
    void equalContentsAreTold() throws IOException {
        Path a = write("a.txt", "x".repeat(100_000));
        Path b = write("b.txt", "x".repeat(100_000));
        write("c.txt", "x".repeat(99_999) + "y");
        List<String> duplicates = DataFiles.at(List.of(folder)).duplicates();

        assertEquals(1, duplicates.size(), duplicates.toString());
        assertTrue(duplicates.get(0).contains(a.toString()) && duplicates.get(0).contains(b.toString()));
        DataFiles training = DataFiles.at(List.of(folder.resolve("c.txt"), a));
        assertEquals(1, DataFiles.at(List.of(b)).sharedWith(training).size());
        assertEquals(List.of(), DataFiles.at(List.of(write("d.txt", "d"))).sharedWith(training));
    }

    @Test
    void equalContentsOfTwoFormatsHaveOneOrder() throws IOException {
        Path text = write("a.txt", "{\"text\":\"x\"}\n");
        Path rows = write("b.jsonl", "{\"text\":\"x\"}\n");
        assertEquals(
                DataFiles.at(List.of(text, rows)).files(),
                DataFiles.at(List.of(rows, text)).files());
    }

    @Test
    void manyEqualContentsAreOneLineMore() throws IOException {
        for (int i = 0; i < 10; i++) {
            write(i + ".txt", "x");
        }
        List<String> duplicates = DataFiles.at(List.of(folder)).duplicates();

        assertEquals(7, duplicates.size());
        assertEquals("The same is true of 3 more files.", duplicates.get(6));
    }

    @Test
    void linksThatLoopAreNamed() throws IOException {
        write("sub/a.txt", "a");
        Path again = Files.createSymbolicLink(folder.resolve("sub/again"), folder);

        Path self = folder.resolve("self.txt");
        Files.createSymbolicLink(self, self);
        assertEquals(self + " is a link that leads to nothing.", refused(self));
        assertEquals(again + " is a link to a folder above it, which has no end: remove the link.", refused(folder));
    }

    @Test
    void whatHasNothingToReadIsNamed() throws IOException {
        assertEquals(folder.resolve("none") + " does not exist.", refused(folder.resolve("none")));
        assertEquals("The empty path does not exist.", refused(Path.of("")));
        assertEquals("No path is given.", refused());
        write("a.png", "x");
        assertEquals(
                folder + " has no file in it that is read: " + FileFormat.all() + ". It has 1 skipped (.png 1).",
                refused(folder));
        Files.createDirectory(folder.resolve("sub"));
        assertEquals("/dev/null is of no kind that is read: " + FileFormat.all() + ".", refused(Path.of("/dev/null")));
    }
}
