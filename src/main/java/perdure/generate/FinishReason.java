package perdure.generate;

/** Why a generation ended. */
public enum FinishReason {
    /** A stop id (or, one level up, a stop string) came. */
    STOP,
    /** As many tokens as were asked for. */
    LENGTH,
    /** Whoever receives the tokens wanted no more. */
    CANCELLED
}
