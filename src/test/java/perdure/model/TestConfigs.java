package perdure.model;

import java.util.List;
import java.util.stream.Stream;

/** Shapes of models that are made in milliseconds. */
public final class TestConfigs {

    /** For byte-level tokens and the three specials: one layer, two heads, tied embeddings. */
    public static final ModelConfig BYTES = ModelConfig.DEFAULT
            .withVocabularySize(256 + 3)
            .withHiddenSize(32)
            .withHeads(2, 2)
            .withLayers(1)
            .withIntermediateSize(48)
            .withContext(64);

    /** Two layers, four query heads over two key and value heads, untied embeddings. */
    public static final ModelConfig GROUPED_QUERY = BYTES.withVocabularySize(50)
            .withHeads(4, 2)
            .withLayers(2)
            .withContext(16)
            .withTiedEmbeddings(false);

    /** The same with biases on queries, keys and values. */
    public static final ModelConfig INPUT_BIAS =
            GROUPED_QUERY.withAttention(GROUPED_QUERY.attention().withInputBias(true));

    /**
     * Everything that a published model may add: biases everywhere, norms of queries and keys, heads that are wider
     * together than the model, scaled rotary positions, and a layer without any.
     */
    public static final ModelConfig EVERYTHING = GROUPED_QUERY
            .withNormEpsilon(1e-6)
            .withFeedForward(GROUPED_QUERY.feedForward().withBias(true))
            .withAttention(GROUPED_QUERY
                    .attention()
                    .withFixedHeadSize(12)
                    .withInputBias(true)
                    .withOutputBias(true)
                    .withQueryKeyNorms(true)
                    .withRotary(new RotaryConfig(100, new RotaryScaling.Llama3(4, 1, 4, 64), List.of(1))));

    /** One of each kind. */
    static Stream<ModelConfig> all() {
        return Stream.of(GROUPED_QUERY, INPUT_BIAS, EVERYTHING);
    }

    private TestConfigs() {}
}
