package perdure.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The content of a file is not what its format or its manifest says. The message names the file and what is wrong. */
public final class DamagedFileException extends UncheckedIOException {

    private static final long serialVersionUID = 1;

    /** @param problem what is wrong, as it follows the file's name and a colon */
    public DamagedFileException(Path file, String problem) {
        super(new IOException(file + ": " + problem));
    }

    /**
     * Refuses a folder in the place of a file, and also a pipe, a socket or a device, which might be waited for without
     * end. What does not exist is not refused.
     */
    public static void requireFile(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new DamagedFileException(file, Files.isDirectory(file) ? "is a folder" : "is not a regular file");
        }
    }

    @Override
    public String getMessage() {
        return getCause().getMessage();
    }
}
