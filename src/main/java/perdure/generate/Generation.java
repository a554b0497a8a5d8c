package perdure.generate;

/**
 * What a generation came to.
 *
 * @param promptTokens that the model read: those of the prompt that fit its context
 * @param completionTokens handed out; a stop id is not among them
 */
public record Generation(int promptTokens, int completionTokens, FinishReason finishReason) {

    /** Why a generation ended. */
    public enum FinishReason {
        /** A stop id (or, one level up, a stop string) came. */
        STOP,
        /** As many tokens as were asked for. */
        LENGTH,
        /** Whoever receives the tokens wanted no more. */
        CANCELLED
    }
}
