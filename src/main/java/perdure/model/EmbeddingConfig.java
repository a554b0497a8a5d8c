package perdure.model;

/**
 * The part of a {@link ModelConfig} about the token embeddings.
 *
 * @param vocabularySize number of token ids, specials included
 * @param tied whether the output projection is the embedding matrix
 */
public record EmbeddingConfig(int vocabularySize, boolean tied) {

    public EmbeddingConfig {
        ModelConfig.requirePositive("vocabulary size", vocabularySize);
    }
}
