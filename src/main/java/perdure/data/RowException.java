package perdure.data;

/** A row that cannot be used. The message begins with a verb, to follow the name of the place. */
final class RowException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    RowException(String message) {
        super(message);
    }

    /**
     * A value is not what is read in its place.
     *
     * @param what it is called, such as {@code "the message"}
     * @param kind that it should be of, such as {@code "a list"}
     */
    static RowException not(String what, Object value, String kind) {
        return new RowException(
                "has " + what + " " + Quoted.word(JsonValues.json(value)) + ", which is not " + kind + ".");
    }
}
