package perdure.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import perdure.checkpoint.DurableFiles;

/** A folder for the files of a process that has no run folder, deleted at its end. */
record ScratchFolder(Path path) implements AutoCloseable {

    ScratchFolder() {
        this(create());
    }

    private static Path create() {
        try {
            return Files.createTempDirectory("perdure-rank-");
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot create a temporary folder: " + DurableFiles.cause(problem), problem);
        }
    }

    @Override
    public void close() {
        try {
            DurableFiles.delete(path);
        } catch (IOException kept) {
            return; // The system deletes temporary files sooner or later.
        }
    }
}
