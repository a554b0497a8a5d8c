package perdure.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** The content of a file is not what its format or its manifest says. The message names the file and what is wrong. */
public final class DamagedFileException extends UncheckedIOException {

    private static final long serialVersionUID = 1;

    /** @param problem what is wrong, as it follows the file's name and a colon */
    public DamagedFileException(Path file, String problem) {
        super(new IOException(file + ": " + problem));
    }

    @Override
    public String getMessage() {
        return getCause().getMessage();
    }
}
