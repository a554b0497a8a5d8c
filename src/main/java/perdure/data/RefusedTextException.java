package perdure.data;

/** Content that cannot be read as it is, and that another setting would allow. The message names the place. */
public final class RefusedTextException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    static final String ENCODING = "encoding";
    static final String SKIP_INVALID = "skip invalid";

    private final String remedy;

    RefusedTextException(String message, String remedy, Throwable cause) {
        super(message, cause);
        this.remedy = remedy;
    }

    /** The setting that would allow it. */
    public String remedy() {
        return remedy;
    }
}
