package perdure.data;

/** A shard of prepared tokens is not what its manifest says. The message is one line that names the file. */
public final class DamagedTokensException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    DamagedTokensException(String message) {
        super(message);
    }
}
