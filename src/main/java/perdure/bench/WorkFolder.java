package perdure.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import perdure.checkpoint.DurableFiles;

/**
 * A temporary folder. Closing it deletes the folder and everything in it.
 *
 * @param keep whether the folder is kept when it is closed
 */
public record WorkFolder(Path path, boolean keep) implements AutoCloseable {

    /**
     * Creates a folder.
     *
     * @param prefix of its name
     * @throws UncheckedIOException if it cannot be created
     */
    public static WorkFolder create(String prefix, boolean keep) {
        try {
            return new WorkFolder(Files.createTempDirectory(prefix), keep);
        } catch (IOException problem) {
            throw new UncheckedIOException("A temporary folder could not be created: " + problem.getMessage(), problem);
        }
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    @Override
    public void close() {
        if (keep) {
            return;
        }
        try {
            DurableFiles.delete(path);
        } catch (IOException problem) {
            throw new UncheckedIOException(path + ": " + problem.getMessage(), problem);
        }
    }
}
