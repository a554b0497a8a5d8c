package perdure.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** A file whose content is not what its format or its manifest says; the message names the file and what is wrong. */
public final class DamagedFileException extends UncheckedIOException {

    private static final long serialVersionUID = 1;

    public DamagedFileException(Path file, String problem) {
        super(new IOException(file + ": " + problem));
    }

    @Override
    public String getMessage() {
        return getCause().getMessage();
    }
}
