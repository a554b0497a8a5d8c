package perdure.model;

/**
 * The part of a {@link ModelConfig} about attention.
 *
 * @param heads query heads
 * @param keyValueHeads key and value heads; divides {@code heads} (equal: multi-head, fewer: grouped-query)
 * @param fixedHeadSize size of one head where it does not follow from the hidden size; 0: the hidden size over the
 *     heads. {@link ModelConfig#headSize()} has the size that counts
 * @param inputBias whether queries, keys and values have a bias, as in Qwen2
 * @param outputBias whether the output projection has a bias
 * @param queryKeyNorms whether an RMSNorm normalises every head of queries and keys before the rotation, as in Qwen3
 */
public record AttentionConfig(
        int heads,
        int keyValueHeads,
        int fixedHeadSize,
        boolean inputBias,
        boolean outputBias,
        boolean queryKeyNorms,
        RotaryConfig rotary) {

    public AttentionConfig {
        ModelConfig.requirePositive("heads", heads);
        ModelConfig.requirePositive("key and value heads", keyValueHeads);
        if (heads % keyValueHeads != 0) {
            throw new IllegalArgumentException(
                    "heads " + heads + " is not a multiple of key and value heads " + keyValueHeads + ".");
        }
        if (fixedHeadSize < 0) {
            throw new IllegalArgumentException("head size " + fixedHeadSize + " is not a positive number.");
        }
    }

    /** Plain attention: the head size follows from the hidden size, no biases, no norms, default rotary positions. */
    public static AttentionConfig of(int heads, int keyValueHeads) {
        return new AttentionConfig(heads, keyValueHeads, 0, false, false, false, RotaryConfig.DEFAULT);
    }

    /** Sets both at once, because one must divide the other. */
    public AttentionConfig withHeads(int heads, int keyValueHeads) {
        return new AttentionConfig(heads, keyValueHeads, fixedHeadSize, inputBias, outputBias, queryKeyNorms, rotary);
    }

    public AttentionConfig withFixedHeadSize(int fixedHeadSize) {
        return new AttentionConfig(heads, keyValueHeads, fixedHeadSize, inputBias, outputBias, queryKeyNorms, rotary);
    }

    public AttentionConfig withInputBias(boolean inputBias) {
        return new AttentionConfig(heads, keyValueHeads, fixedHeadSize, inputBias, outputBias, queryKeyNorms, rotary);
    }

    public AttentionConfig withOutputBias(boolean outputBias) {
        return new AttentionConfig(heads, keyValueHeads, fixedHeadSize, inputBias, outputBias, queryKeyNorms, rotary);
    }

    public AttentionConfig withQueryKeyNorms(boolean queryKeyNorms) {
        return new AttentionConfig(heads, keyValueHeads, fixedHeadSize, inputBias, outputBias, queryKeyNorms, rotary);
    }

    public AttentionConfig withRotary(RotaryConfig rotary) {
        return new AttentionConfig(heads, keyValueHeads, fixedHeadSize, inputBias, outputBias, queryKeyNorms, rotary);
    }
}
