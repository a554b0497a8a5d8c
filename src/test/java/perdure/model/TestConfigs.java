package perdure.model;

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

    private TestConfigs() {}
}
