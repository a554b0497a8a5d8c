package perdure.model;

/**
 * The part of a {@link ModelConfig} about attention.
 *
 * @param heads query heads
 * @param keyValueHeads key and value heads; divides {@code heads} (equal: multi-head, fewer: grouped-query)
 * @param inputBias whether queries, keys and values have a bias, as in Qwen2 (the output projection has none)
 */
public record AttentionConfig(int heads, int keyValueHeads, boolean inputBias) {

    public AttentionConfig {
        ModelConfig.requirePositive("heads", heads);
        ModelConfig.requirePositive("key and value heads", keyValueHeads);
        if (heads % keyValueHeads != 0) {
            throw new IllegalArgumentException(
                    "heads " + heads + " is not a multiple of key and value heads " + keyValueHeads + ".");
        }
    }

    /** Sets both at once, because one must divide the other. */
    public AttentionConfig withHeads(int heads, int keyValueHeads) {
        return new AttentionConfig(heads, keyValueHeads, inputBias);
    }

    public AttentionConfig withInputBias(boolean inputBias) {
        return new AttentionConfig(heads, keyValueHeads, inputBias);
    }
}
