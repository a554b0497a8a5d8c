package perdure.chat;

/** A checkpoint was asked for by name that the run folder does not hold, or no longer. */
public final class NoSuchCheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoSuchCheckpointException(String name) {
        super("The run keeps no checkpoint " + name + ".");
    }
}
