package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableFilesTest {
    @TempDir
    Path folder;

    @Test
    void everyFailureHasItsCauseInWords() {
        assertEquals("a: no such file or folder", DurableFiles.cause(new NoSuchFileException("a")));
        assertEquals("a: permission denied", DurableFiles.cause(new AccessDeniedException("a")));
        assertEquals(
                "a -> b: Stale file handle",
                DurableFiles.cause(new FileSystemException("a", "b", "Stale file handle")));
        assertEquals("a: NotLinkException", DurableFiles.cause(new java.nio.file.NotLinkException("a")));
        assertEquals("Input/output error", DurableFiles.cause(new IOException("Input/output error")));
        assertEquals("java.io.IOException", DurableFiles.cause(new IOException()));
    }

    @Test
    void aPathIsNamedOnce() {
        Path file = folder.resolve("x");
        assertEquals(
                file + ": no such file or folder",
                DurableFiles.failed(file, new NoSuchFileException(file.toString()))
                        .getMessage());
        assertEquals(
                file + ": No space left on device",
                DurableFiles.failed(file, new IOException("No space left on device"))
                        .getMessage());
    }

    @Test
    void roomIsAskedForWithFigures() {
        CheckpointStore.requireRoom(folder, 1000);
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> CheckpointStore.requireRoom(folder, 1_000_000_000_000_000L))
                .getMessage();
        assertTrue(message.contains("3,000,000,000.0 MB are needed: 3 checkpoints of 1,000,000,000.0 MB"), message);
    }

    @Test
    void aRunFolderThatIsGoneIsNamedWithItsCause() throws IOException {
        CheckpointStore.tryOut(folder);
        assertEquals(List.of(), DurableFiles.list(folder));
        Path gone = folder.resolve("gone");
        String message = assertThrows(IllegalArgumentException.class, () -> CheckpointStore.tryOut(gone))
                .getMessage();
        assertTrue(
                message.contains(gone + " cannot hold checkpoints") && message.endsWith("no such file or folder"),
                message);
        assertTrue(Files.notExists(gone));
    }
}
