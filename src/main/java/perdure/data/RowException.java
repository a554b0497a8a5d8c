package perdure.data;

/** A row that cannot be used. The message begins with a verb, to follow the name of the place. */
final class RowException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    RowException(String message) {
        super(message);
    }
}
