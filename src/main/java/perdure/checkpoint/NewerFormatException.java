package perdure.checkpoint;

import java.nio.file.Path;

/**
 * A file of a run that only a newer version of Perdure can read. The file is not damaged, so no older checkpoint is
 * used instead, and nothing is changed.
 */
public final class NewerFormatException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NewerFormatException(Path file, Object format) {
        super(file + " has format " + format + "; this version of Perdure reads up to " + Json.FORMAT
                + ". Use a newer version.");
    }
}
