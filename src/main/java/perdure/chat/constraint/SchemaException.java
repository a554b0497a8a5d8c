package perdure.chat.constraint;

/** A schema that cannot be followed, and where. */
public final class SchemaException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final String path;
    private final String fault;

    SchemaException(String path, String fault) {
        super((path.isEmpty() ? "The schema" : path) + " " + fault + ".");
        this.path = path;
        this.fault = fault;
    }

    /** The keyword at fault, from the root of the schema: {@code properties.name.pattern}; empty for the root. */
    public String path() {
        return path;
    }

    /** What is wrong with it, to be read after its name: {@code is not supported}. */
    public String fault() {
        return fault;
    }
}
