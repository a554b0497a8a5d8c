package perdure.template;

/** A template that cannot be parsed or rendered, in one line. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Whether the message is complete, so that no line number goes before it. */
    private final boolean complete;

    private TemplateException(String message, boolean complete) {
        super(message);
        this.complete = complete;
    }

    /** A fault whose line is not known yet; the statement that it happened in adds it. */
    TemplateException(String message) {
        this(message, false);
    }

    static TemplateException at(int line, String message) {
        return new TemplateException("line " + line + ": " + message, true);
    }

    /** What the template itself says by {@code raise_exception}: its words alone. */
    static TemplateException raised(String message) {
        return new TemplateException(message, true);
    }

    /** This one with the line, if it has none yet. */
    TemplateException at(int line) {
        return complete ? this : at(line, getMessage());
    }
}
