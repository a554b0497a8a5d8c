package perdure.model;

/**
 * The shape of a {@link LanguageModel}: the numbers that a Hugging Face {@code config.json} of a
 * {@code LlamaForCausalLM} carries. Two models with equal configurations have the same parameters.
 *
 * @param vocabularySize number of token ids, specials included
 * @param hiddenSize width of the residual stream; a multiple of the number of heads
 * @param layers number of decoder layers
 * @param intermediateSize inner width of the SwiGLU feed-forward
 * @param context longest sequence, in tokens
 * @param tiedEmbeddings whether the output projection is the embedding matrix
 */
public record ModelConfig(
        int vocabularySize,
        int hiddenSize,
        int layers,
        int intermediateSize,
        int context,
        boolean tiedEmbeddings,
        AttentionConfig attention) {

    /**
     * The default of the command line: 1536 tokens and the three special ones, 3 layers of width 128, tied embeddings.
     */
    public static final ModelConfig DEFAULT =
            new ModelConfig(1536 + 3, 128, 3, 384, 128, true, new AttentionConfig(4, 4, false));

    /** The usual inner width of the feed-forward is a multiple of this number, which suits matrix hardware. */
    public static final int INTERMEDIATE_MULTIPLE = 64;

    /** Added to the mean square in every RMSNorm. */
    public static final double RMS_NORM_EPSILON = 1e-5;

    /** Base of the rotary position frequencies (Su et al. 2021, section 3.4). */
    public static final double ROPE_THETA = 10_000;

    public ModelConfig {
        requirePositive("vocabulary size", vocabularySize);
        requirePositive("hidden size", hiddenSize);
        requirePositive("layers", layers);
        requirePositive("intermediate size", intermediateSize);
        requirePositive("context", context);
        int heads = attention.heads();
        if (hiddenSize % heads != 0) {
            throw new IllegalArgumentException(
                    "hidden size " + hiddenSize + " is not a multiple of heads " + heads + ".");
        }
        if (hiddenSize / heads % 2 != 0) {
            throw new IllegalArgumentException("hidden size " + hiddenSize + " over heads " + heads
                    + " is an odd head size; rotary positions need an even one.");
        }
    }

    static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " " + value + " is not a positive number.");
        }
    }

    public ModelConfig withVocabularySize(int vocabularySize) {
        return new ModelConfig(
                vocabularySize, hiddenSize, layers, intermediateSize, context, tiedEmbeddings, attention);
    }

    public ModelConfig withHiddenSize(int hiddenSize) {
        return withHiddenSize(hiddenSize, attention);
    }

    /** Sets both at once, because the number of heads must divide the hidden size. */
    public ModelConfig withHiddenSize(int hiddenSize, AttentionConfig attention) {
        return new ModelConfig(
                vocabularySize, hiddenSize, layers, intermediateSize, context, tiedEmbeddings, attention);
    }

    public ModelConfig withLayers(int layers) {
        return new ModelConfig(
                vocabularySize, hiddenSize, layers, intermediateSize, context, tiedEmbeddings, attention);
    }

    public ModelConfig withIntermediateSize(int intermediateSize) {
        return new ModelConfig(
                vocabularySize, hiddenSize, layers, intermediateSize, context, tiedEmbeddings, attention);
    }

    public ModelConfig withContext(int context) {
        return new ModelConfig(
                vocabularySize, hiddenSize, layers, intermediateSize, context, tiedEmbeddings, attention);
    }

    public ModelConfig withTiedEmbeddings(boolean tiedEmbeddings) {
        return new ModelConfig(
                vocabularySize, hiddenSize, layers, intermediateSize, context, tiedEmbeddings, attention);
    }

    public ModelConfig withAttention(AttentionConfig attention) {
        return withHiddenSize(hiddenSize, attention);
    }

    public ModelConfig withHeads(int heads, int keyValueHeads) {
        return withAttention(attention.withHeads(heads, keyValueHeads));
    }

    /** Inner width that gives SwiGLU the parameters of a plain feed-forward of width 4 C: 8/3 C, rounded up (Shazeer 2020). */
    public static int usualIntermediateSize(int hiddenSize) {
        int wanted = Math.toIntExact((8L * hiddenSize + 2) / 3);
        return (wanted + INTERMEDIATE_MULTIPLE - 1) / INTERMEDIATE_MULTIPLE * INTERMEDIATE_MULTIPLE;
    }

    /** Query heads. */
    public int heads() {
        return attention.heads();
    }

    /** Key and value heads. */
    public int keyValueHeads() {
        return attention.keyValueHeads();
    }

    /** Size of one attention head. */
    public int headSize() {
        return hiddenSize / heads();
    }

    /** Number of trained values, tied embeddings counted once. */
    public long parameterCount() {
        long inputs = (heads() + 2L * keyValueHeads()) * headSize();
        long outputs = (long) heads() * headSize();
        long attentionValues = hiddenSize * (inputs + outputs) + (attention.inputBias() ? inputs : 0);
        long feedForward = 3L * hiddenSize * intermediateSize;
        long embeddings = (long) vocabularySize * hiddenSize * (tiedEmbeddings ? 1 : 2);
        return embeddings + layers * (attentionValues + feedForward + 2L * hiddenSize) + hiddenSize;
    }
}
