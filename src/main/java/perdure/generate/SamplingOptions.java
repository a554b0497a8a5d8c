package perdure.generate;

/**
 * How the next token is chosen, how many tokens there may be, and what is told of each.
 *
 * @param temperature divides the logits; 0 takes the most likely token
 * @param topP keeps the smallest set of most likely tokens whose probabilities reach this sum; 1 keeps all
 * @param topK keeps this many most likely tokens; 0 keeps all
 * @param penalties make tokens that have occurred less likely
 * @param seed of the sampling: equal seeds give equal tokens
 * @param maximumTokens largest number of tokens to generate
 * @param logprobs how many of the likeliest tokens are told with each chosen one, with log probabilities; -1: nothing is
 *     told, and 0: the chosen one's alone
 */
public record SamplingOptions(
        double temperature, double topP, int topK, Penalties penalties, long seed, int maximumTokens, int logprobs) {

    /** Value of {@link #logprobs} where nothing is told. */
    public static final int NO_LOGPROBS = -1;

    public SamplingOptions {
        require(temperature >= 0 && temperature <= 100, "temperature", temperature, "between 0 and 100");
        require(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
        require(topK >= 0, "top_k", topK, "0 (all) or a positive number");
        require(maximumTokens > 0, "max_tokens", maximumTokens, "a positive number");
        require(logprobs >= NO_LOGPROBS, "logprobs", logprobs, "-1 (none), 0 or a positive number");
    }

    /** Always takes the most likely token; the seed has no effect. */
    public static SamplingOptions greedy(int maximumTokens) {
        return new SamplingOptions(0, 1, 0, Penalties.NONE, 0, maximumTokens, NO_LOGPROBS);
    }

    /** The same with another seed and another number of tokens. */
    public SamplingOptions with(long otherSeed, int otherMaximum) {
        return new SamplingOptions(temperature, topP, topK, penalties, otherSeed, otherMaximum, logprobs);
    }

    private static void require(boolean holds, String name, Number value, String range) {
        if (!holds) {
            throw new IllegalArgumentException(name + " " + value + " is not " + range + ".");
        }
    }

    /**
     * What makes tokens that have occurred less likely. The bounds keep logits finite in single precision.
     *
     * @param repetition divides the positive logits, and multiplies the negative ones, of tokens of the prompt and of the
     *     answer (Keskar et al. 2019, section 4.1); 1 has no effect
     * @param presence is subtracted from the logits of tokens of the answer; 0 has no effect
     * @param frequency is subtracted from the logit of a token once for each time that the answer has it; 0 has no effect
     */
    public record Penalties(double repetition, double presence, double frequency) {

        public static final Penalties NONE = new Penalties(1, 0, 0);

        public Penalties {
            require(repetition >= 0.01 && repetition <= 100, "repetition_penalty", repetition, "between 0.01 and 100");
            require(presence >= -2 && presence <= 2, "presence_penalty", presence, "between -2 and 2");
            require(frequency >= -2 && frequency <= 2, "frequency_penalty", frequency, "between -2 and 2");
        }
    }
}
