package perdure.model;

/**
 * The shape of a {@link LanguageModel}: the numbers that a Hugging Face {@code config.json} of a
 * {@code LlamaForCausalLM} carries. Two models with equal configurations have the same parameters.
 *
 * @param vocabularySize number of token ids, specials included
 * @param hiddenSize width of the residual stream; a multiple of {@code heads}
 * @param layers number of decoder layers
 * @param heads query heads
 * @param keyValueHeads key and value heads; divides {@code heads} (equal: multi-head, fewer: grouped-query)
 * @param intermediateSize inner width of the SwiGLU feed-forward
 * @param context longest sequence, in tokens
 * @param tiedEmbeddings whether the output projection is the embedding matrix
 */
public record ModelConfig(
        int vocabularySize,
        int hiddenSize,
        int layers,
        int heads,
        int keyValueHeads,
        int intermediateSize,
        int context,
        boolean tiedEmbeddings) {

    /** Added to the mean square in every RMSNorm. */
    public static final double RMS_NORM_EPSILON = 1e-5;

    /** Base of the rotary position frequencies (Su et al. 2021, section 3.4). */
    public static final double ROPE_THETA = 10_000;

    public ModelConfig {
        positive("--vocab-size", vocabularySize);
        positive("--hidden-size", hiddenSize);
        positive("--layers", layers);
        positive("--heads", heads);
        positive("--kv-heads", keyValueHeads);
        positive("--intermediate-size", intermediateSize);
        positive("--context", context);
        if (hiddenSize % heads != 0) {
            throw new IllegalArgumentException(
                    "--heads " + heads + " does not divide --hidden-size " + hiddenSize + ".");
        }
        if (heads % keyValueHeads != 0) {
            throw new IllegalArgumentException(
                    "--kv-heads " + keyValueHeads + " does not divide --heads " + heads + ".");
        }
        if (hiddenSize / heads % 2 != 0) {
            throw new IllegalArgumentException("--hidden-size " + hiddenSize + " over --heads " + heads
                    + " is an odd head size; rotary positions need an even one.");
        }
    }

    private static void positive(String flag, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(flag + " " + value + " is not a positive number.");
        }
    }

    /** Size of one attention head. */
    public int headSize() {
        return hiddenSize / heads;
    }

    /** Number of trained values, tied embeddings counted once. */
    public long parameterCount() {
        long attention = (long) hiddenSize * headSize() * (2L * heads + 2L * keyValueHeads);
        long feedForward = 3L * hiddenSize * intermediateSize;
        long embeddings = (long) vocabularySize * hiddenSize * (tiedEmbeddings ? 1 : 2);
        return embeddings + layers * (attention + feedForward + 2L * hiddenSize) + hiddenSize;
    }
}
