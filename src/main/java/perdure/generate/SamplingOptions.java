package perdure.generate;

/**
 * How the next token is chosen, and how many tokens there may be.
 *
 * @param temperature divides the logits; 0 takes the most likely token
 * @param topP keeps the smallest set of most likely tokens whose probabilities reach this sum; 1 keeps all
 * @param topK keeps this many most likely tokens; 0 keeps all
 * @param repetitionPenalty makes tokens that are already in the sequence less likely; 1 has no effect
 * @param seed of the sampling: equal seeds give equal tokens
 * @param maximumTokens largest number of tokens to generate
 */
public record SamplingOptions(
        double temperature, double topP, int topK, double repetitionPenalty, long seed, int maximumTokens) {

    public SamplingOptions {
        require(temperature >= 0 && temperature <= 100, "temperature", temperature, "between 0 and 100");
        require(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
        require(topK >= 0, "top_k", topK, "0 (all) or a positive number");
        require(
                repetitionPenalty > 0 && repetitionPenalty <= 100,
                "repetition_penalty",
                repetitionPenalty,
                "above 0 and at most 100");
        require(maximumTokens > 0, "max_tokens", maximumTokens, "a positive number");
    }

    /** Always takes the most likely token; the seed has no effect. */
    public static SamplingOptions greedy(int maximumTokens) {
        return new SamplingOptions(0, 1, 0, 1, 0, maximumTokens);
    }

    private static void require(boolean holds, String name, Number value, String range) {
        if (!holds) {
            throw new IllegalArgumentException(name + " " + value + " is not " + range + ".");
        }
    }
}
