package perdure.checkpoint;

/** A run exists, but none of its checkpoints can be read; the message says so in one line. */
public final class NoGoodCheckpointException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NoGoodCheckpointException(String message) {
        super(message);
    }
}
