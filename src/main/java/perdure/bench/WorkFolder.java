package perdure.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import perdure.checkpoint.DurableFiles;

/**
 * A temporary folder that goes with all that is in it when it is closed.
 *
 * @param keep whether it stays all the same
 */
public record WorkFolder(Path path, boolean keep) implements AutoCloseable {

    public static WorkFolder create(String prefix, boolean keep) {
        try {
            return new WorkFolder(Files.createTempDirectory(prefix), keep);
        } catch (IOException problem) {
            throw new UncheckedIOException("No temporary folder: " + problem.getMessage(), problem);
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
