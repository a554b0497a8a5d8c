package perdure.chat;

/** The prompt does not fit into the context of the model. */
public final class ContextExceededException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final int promptTokens;
    private final int context;

    ContextExceededException(int promptTokens, int context) {
        super("The prompt has " + promptTokens + " tokens, which leave no room for an answer in a context of " + context
                + ".");
        this.promptTokens = promptTokens;
        this.context = context;
    }

    /** Tokens of the prompt, after all that may be left out is left out. */
    public int promptTokens() {
        return promptTokens;
    }

    /** Largest number of tokens that the model can look back on. */
    public int context() {
        return context;
    }
}
