package perdure.model;

/**
 * The part of a {@link ModelConfig} about the SwiGLU feed-forward.
 *
 * @param intermediateSize its inner width
 * @param bias whether gate, up and down have a bias
 */
public record FeedForwardConfig(int intermediateSize, boolean bias) {

    public FeedForwardConfig {
        ModelConfig.requirePositive("intermediate size", intermediateSize);
    }

    public FeedForwardConfig withIntermediateSize(int intermediateSize) {
        return new FeedForwardConfig(intermediateSize, bias);
    }

    public FeedForwardConfig withBias(boolean bias) {
        return new FeedForwardConfig(intermediateSize, bias);
    }
}
