package perdure.model;

import java.util.List;
import java.util.Map;

/**
 * The shape of a {@link LanguageModel}: the numbers that a Hugging Face {@code config.json} carries. Two models with
 * equal configurations have the same parameters.
 *
 * @param family how the files of the model are named; no layer depends on it
 * @param hiddenSize width of the residual stream; a multiple of the number of heads, if the head size follows from it
 * @param layers number of decoder layers
 * @param context longest sequence, in tokens
 * @param normEpsilon added to the mean square in every RMSNorm
 */
public record ModelConfig(
        ModelFamily family,
        EmbeddingConfig embedding,
        int hiddenSize,
        int layers,
        int context,
        double normEpsilon,
        AttentionConfig attention,
        FeedForwardConfig feedForward) {

    /** The epsilon of RMSNorm that a run from scratch has. */
    public static final double RMS_NORM_EPSILON = 1e-5;

    /**
     * The default of the command line: 1536 tokens and the three special ones, 3 layers of width 128, tied embeddings.
     */
    public static final ModelConfig DEFAULT = new ModelConfig(
            ModelFamily.LLAMA,
            new EmbeddingConfig(1536 + 3, true),
            128,
            3,
            128,
            RMS_NORM_EPSILON,
            AttentionConfig.of(4, 4),
            new FeedForwardConfig(384, false));

    /** The usual inner width of the feed-forward is a multiple of this number, which suits matrix hardware. */
    public static final int INTERMEDIATE_MULTIPLE = 64;

    public ModelConfig {
        requirePositive("hidden size", hiddenSize);
        requirePositive("layers", layers);
        requirePositive("context", context);
        if (!(normEpsilon >= 0 && normEpsilon < 1)) {
            throw new IllegalArgumentException("norm epsilon " + normEpsilon + " is not in [0, 1).");
        }
        if ((long) attention.heads() * attention.fixedHeadSize() == hiddenSize) {
            attention = attention.withFixedHeadSize(0); // Equal models have equal configurations.
        }
        requireHeadSize(hiddenSize, attention);
        for (int layer : attention.rotary().layersWithout()) {
            if (layer >= layers) {
                throw new IllegalArgumentException("layer " + layer + " is to have no rotary positions, but there are "
                        + layers + " layers, from 0.");
            }
        }
    }

    private static void requireHeadSize(int hiddenSize, AttentionConfig attention) {
        int heads = attention.heads();
        int fixed = attention.fixedHeadSize();
        if (fixed % 2 != 0) {
            throw new IllegalArgumentException("head size " + fixed + " is odd; rotary positions need an even one.");
        }
        if (fixed == 0 && hiddenSize % heads != 0) {
            throw new IllegalArgumentException(
                    "hidden size " + hiddenSize + " is not a multiple of heads " + heads + ".");
        }
        if (fixed == 0 && hiddenSize / heads % 2 != 0) {
            throw new IllegalArgumentException("hidden size " + hiddenSize + " over heads " + heads
                    + " is an odd head size; rotary positions need an even one.");
        }
    }

    static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " " + value + " is not a positive number.");
        }
    }

    public ModelConfig withFamily(ModelFamily family) {
        return new ModelConfig(family, embedding, hiddenSize, layers, context, normEpsilon, attention, feedForward);
    }

    public ModelConfig withEmbedding(EmbeddingConfig embedding) {
        return new ModelConfig(family, embedding, hiddenSize, layers, context, normEpsilon, attention, feedForward);
    }

    public ModelConfig withVocabularySize(int vocabularySize) {
        return withEmbedding(new EmbeddingConfig(vocabularySize, embedding.tied()));
    }

    public ModelConfig withTiedEmbeddings(boolean tied) {
        return withEmbedding(new EmbeddingConfig(embedding.vocabularySize(), tied));
    }

    public ModelConfig withHiddenSize(int hiddenSize) {
        return withHiddenSize(hiddenSize, attention);
    }

    /** Sets both at once, because the number of heads must divide the hidden size. */
    public ModelConfig withHiddenSize(int hiddenSize, AttentionConfig attention) {
        return new ModelConfig(family, embedding, hiddenSize, layers, context, normEpsilon, attention, feedForward);
    }

    public ModelConfig withLayers(int layers) {
        return new ModelConfig(family, embedding, hiddenSize, layers, context, normEpsilon, attention, feedForward);
    }

    public ModelConfig withContext(int context) {
        return new ModelConfig(family, embedding, hiddenSize, layers, context, normEpsilon, attention, feedForward);
    }

    public ModelConfig withNormEpsilon(double normEpsilon) {
        return new ModelConfig(family, embedding, hiddenSize, layers, context, normEpsilon, attention, feedForward);
    }

    public ModelConfig withAttention(AttentionConfig attention) {
        return withHiddenSize(hiddenSize, attention);
    }

    public ModelConfig withHeads(int heads, int keyValueHeads) {
        return withAttention(attention.withHeads(heads, keyValueHeads));
    }

    public ModelConfig withFeedForward(FeedForwardConfig feedForward) {
        return new ModelConfig(family, embedding, hiddenSize, layers, context, normEpsilon, attention, feedForward);
    }

    public ModelConfig withIntermediateSize(int intermediateSize) {
        return withFeedForward(feedForward.withIntermediateSize(intermediateSize));
    }

    /** Inner width that gives SwiGLU the parameters of a plain feed-forward of width 4 C: 8/3 C, rounded up (Shazeer 2020). */
    public static int usualIntermediateSize(int hiddenSize) {
        int wanted = Math.toIntExact((8L * hiddenSize + 2) / 3);
        return (wanted + INTERMEDIATE_MULTIPLE - 1) / INTERMEDIATE_MULTIPLE * INTERMEDIATE_MULTIPLE;
    }

    /** Number of token ids, specials included. */
    public int vocabularySize() {
        return embedding.vocabularySize();
    }

    /** Whether the output projection is the embedding matrix. */
    public boolean tiedEmbeddings() {
        return embedding.tied();
    }

    /** Inner width of the SwiGLU feed-forward. */
    public int intermediateSize() {
        return feedForward.intermediateSize();
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
        return attention.fixedHeadSize() > 0 ? attention.fixedHeadSize() : hiddenSize / heads();
    }

    /** The shape of every tensor by its Hugging Face name. Tied embeddings are one tensor. */
    public Map<String, List<Long>> tensorShapes() {
        return TensorShapes.of(this);
    }

    /** Number of trained values, tied embeddings counted once. */
    public long parameterCount() {
        return tensorShapes().values().stream()
                .mapToLong(shape -> shape.stream().reduce(1L, Math::multiplyExact))
                .sum();
    }
}
