package perdure.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import perdure.checkpoint.DurableFiles;

/** A temporary folder. Closing it deletes the folder and everything in it, unless it is to be kept. */
public final class WorkFolder implements AutoCloseable {

    private final Path path;
    private boolean keep;

    private WorkFolder(Path path, boolean keep) {
        this.path = path;
        this.keep = keep;
    }

    /**
     * Creates a folder.
     *
     * @param prefix of its name
     * @param keep whether it is kept when it is closed
     * @throws UncheckedIOException if it cannot be created
     */
    public static WorkFolder create(String prefix, boolean keep) {
        try {
            return new WorkFolder(Files.createTempDirectory(prefix), keep);
        } catch (IOException problem) {
            throw new UncheckedIOException("A temporary folder could not be created: " + problem.getMessage(), problem);
        }
    }

    public Path path() {
        return path;
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    /** Has it kept when it is closed. */
    public void keep() {
        keep = true;
    }

    /** Whether it is kept when it is closed. */
    public boolean isKept() {
        return keep;
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
