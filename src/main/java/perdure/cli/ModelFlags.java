package perdure.cli;

import perdure.model.ModelConfig;
import picocli.CommandLine.Option;

/** The flags that shape the model. */
final class ModelFlags {
    /** The feed-forward is widened to a multiple of this, which suits the matrix units. */
    private static final int INTERMEDIATE_MULTIPLE = 64;

    private static final int LEAST_VOCABULARY = 256;

    @Option(
            names = "--layers",
            paramLabel = "N",
            defaultValue = "3",
            description = "Decoder layers (default: ${DEFAULT-VALUE}).")
    int layers;

    @Option(
            names = "--heads",
            paramLabel = "N",
            defaultValue = "4",
            description = "Query heads (default: ${DEFAULT-VALUE}).")
    int heads;

    @Option(
            names = "--kv-heads",
            paramLabel = "N",
            description = "Key and value heads; fewer than --heads is grouped-query attention (default: --heads).")
    Integer keyValueHeads;

    @Option(
            names = "--hidden-size",
            paramLabel = "N",
            defaultValue = "128",
            description = "Width of the model (default: ${DEFAULT-VALUE}).")
    int hiddenSize;

    @Option(
            names = "--intermediate-size",
            paramLabel = "N",
            description = "Inner width of the feed-forward (default: 8/3 of --hidden-size, rounded up to a multiple of "
                    + INTERMEDIATE_MULTIPLE + ").")
    Integer intermediateSize;

    @Option(
            names = "--context",
            paramLabel = "N",
            defaultValue = "128",
            description = "Longest sequence, in tokens (default: ${DEFAULT-VALUE}).")
    int context;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            defaultValue = "1536",
            description = "Tokens, without the three specials; 256 is pure bytes (default: ${DEFAULT-VALUE}).")
    int vocabularySize;

    void check() {
        if (vocabularySize < LEAST_VOCABULARY) {
            throw new IllegalArgumentException(
                    "--vocab-size " + vocabularySize + " is less than the " + LEAST_VOCABULARY + " bytes.");
        }
        config(vocabularySize);
    }

    /** The shape for a tokenizer of {@code vocabularySize} ids, specials included. */
    ModelConfig config(int vocabularySize) {
        return new ModelConfig(
                vocabularySize,
                hiddenSize,
                layers,
                heads,
                keyValueHeads == null ? heads : keyValueHeads,
                intermediateSize == null ? defaultIntermediateSize() : intermediateSize,
                context,
                true);
    }

    private int defaultIntermediateSize() {
        int wanted = Math.toIntExact((8L * hiddenSize + 2) / 3);
        return (wanted + INTERMEDIATE_MULTIPLE - 1) / INTERMEDIATE_MULTIPLE * INTERMEDIATE_MULTIPLE;
    }
}
