package perdure.generate;

/**
 * The outcome of a generation.
 *
 * @param promptTokens tokens that the model read: those of the prompt that fit into its context
 * @param completionTokens tokens that were handed out, without the stop id
 */
public record Generation(int promptTokens, int completionTokens, FinishReason finishReason) {

    /** Why a generation ended. */
    public enum FinishReason {
        /** A stop id was generated or, one level up, a stop string. */
        STOP,
        /** The requested number of tokens was reached. */
        LENGTH,
        /** The receiver wanted no more. */
        CANCELLED
    }
}
