package perdure.cli;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import perdure.model.AttentionConfig;
import perdure.model.ModelConfig;
import perdure.tokenizer.ByteLevelBpeTrainer;
import picocli.CommandLine.Option;

/** The flags that shape the model. */
final class ModelFlags {
    private static final int LEAST_VOCABULARY = 256;

    /** Beyond any model, and small enough that the number of its parameters is one. */
    private static final int MAXIMUM_WIDTH = 1 << 20;

    private static final int MAXIMUM_LAYERS = 1 << 10;

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
                    + ModelConfig.INTERMEDIATE_MULTIPLE + ").")
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
        atMost("--layers", layers, MAXIMUM_LAYERS);
        atMost("--heads", heads, MAXIMUM_WIDTH);
        atMost("--hidden-size", hiddenSize, MAXIMUM_WIDTH);
        atMost("--intermediate-size", intermediateSize == null ? 0 : intermediateSize, MAXIMUM_WIDTH);
        atMost("--vocab-size", vocabularySize, ByteLevelBpeTrainer.MAXIMUM_VOCABULARY);
        if (vocabularySize < LEAST_VOCABULARY) {
            throw new IllegalArgumentException(
                    "--vocab-size " + vocabularySize + " is less than the " + LEAST_VOCABULARY + " bytes.");
        }
        ModelConfig config = config(vocabularySize);
        long weights = config.parameterCount() * Float.BYTES;
        long memory = memory();
        if (weights > memory) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "--layers %d and --hidden-size %d make a model of %,d parameters: its weights alone take %,d bytes of"
                            + " this machine's %,d.",
                    layers,
                    hiddenSize,
                    config.parameterCount(),
                    weights,
                    memory));
        }
    }

    private static void atMost(String flag, int value, int most) {
        if (value > most) {
            throw new IllegalArgumentException(flag + " " + value + " is more than " + most + ".");
        }
    }

    /** Of this machine, or of the container that it pretends to be, in bytes. */
    private static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : Long.MAX_VALUE;
    }

    /** The shape for a tokenizer of {@code vocabularySize} ids, specials included. */
    ModelConfig config(int vocabularySize) {
        AttentionConfig attention =
                ModelConfig.DEFAULT.attention().withHeads(heads, keyValueHeads == null ? heads : keyValueHeads);
        return ModelConfig.DEFAULT
                .withVocabularySize(vocabularySize)
                .withHiddenSize(hiddenSize, attention)
                .withLayers(layers)
                .withIntermediateSize(
                        intermediateSize == null ? ModelConfig.usualIntermediateSize(hiddenSize) : intermediateSize)
                .withContext(context);
    }
}
