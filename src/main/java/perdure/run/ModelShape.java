package perdure.run;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.function.UnaryOperator;
import perdure.model.AttentionConfig;
import perdure.model.ModelConfig;
import perdure.tokenizer.ByteLevelBpeTrainer;

/**
 * The shape of a model that is yet to be made. Open sizes are derived: the key and value heads from the heads, the
 * inner width of the feed-forward from the hidden size, the number of token ids from the trained tokenizer.
 *
 * @param layers decoder layers
 * @param heads query heads; they divide the hidden size
 * @param keyValueHeads key and value heads, which divide the heads; 0: as many as heads
 * @param hiddenSize width of the residual stream
 * @param intermediateSize inner width of the feed-forward; 0: 8/3 of the hidden size, rounded up to a multiple of 64
 * @param context longest sequence, in tokens
 * @param vocabularySize tokens to learn, without the three special ones; 256 is pure bytes
 * @param architecture everything else of the model; the sizes above take the place of its own
 */
public record ModelShape(
        int layers,
        int heads,
        int keyValueHeads,
        int hiddenSize,
        int intermediateSize,
        int context,
        int vocabularySize,
        ModelConfig architecture) {

    /** A small model that suits a laptop. */
    public static final ModelShape DEFAULT = new ModelShape(
            ModelConfig.DEFAULT.layers(),
            ModelConfig.DEFAULT.heads(),
            0,
            ModelConfig.DEFAULT.hiddenSize(),
            0,
            ModelConfig.DEFAULT.context(),
            1536,
            ModelConfig.DEFAULT);

    /** Wider than any model, yet small enough that the number of parameters cannot overflow. */
    private static final int MAXIMUM_WIDTH = 1 << 20;

    private static final int MAXIMUM_LAYERS = 1 << 10;

    public ModelShape {
        require("layers", layers, 1, MAXIMUM_LAYERS);
        require("heads", heads, 1, MAXIMUM_WIDTH);
        require("key and value heads", keyValueHeads, 0, MAXIMUM_WIDTH);
        require("hidden size", hiddenSize, 1, MAXIMUM_WIDTH);
        require("intermediate size", intermediateSize, 0, MAXIMUM_WIDTH);
        require("context", context, 1, Integer.MAX_VALUE - 1);
        require("vocabulary", vocabularySize, ByteLevelBpeTrainer.BYTES, ByteLevelBpeTrainer.MAXIMUM_VOCABULARY);
        architecture.family().cannotDescribe(architecture).ifPresent(unsaid -> {
            throw new IllegalArgumentException(unsaid + " cannot be saved.");
        });
    }

    private static void require(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " " + value + " is not from " + least + " to " + most + ".");
        }
    }

    public ModelShape layers(int number) {
        return new ModelShape(
                number, heads, keyValueHeads, hiddenSize, intermediateSize, context, vocabularySize, architecture);
    }

    public ModelShape heads(int number) {
        return new ModelShape(
                layers, number, keyValueHeads, hiddenSize, intermediateSize, context, vocabularySize, architecture);
    }

    public ModelShape keyValueHeads(int number) {
        require("key and value heads", number, 1, MAXIMUM_WIDTH);
        return new ModelShape(
                layers, heads, number, hiddenSize, intermediateSize, context, vocabularySize, architecture);
    }

    public ModelShape hiddenSize(int size) {
        return new ModelShape(
                layers, heads, keyValueHeads, size, intermediateSize, context, vocabularySize, architecture);
    }

    public ModelShape intermediateSize(int size) {
        require("intermediate size", size, 1, MAXIMUM_WIDTH);
        return new ModelShape(layers, heads, keyValueHeads, hiddenSize, size, context, vocabularySize, architecture);
    }

    public ModelShape context(int tokens) {
        return new ModelShape(
                layers, heads, keyValueHeads, hiddenSize, intermediateSize, tokens, vocabularySize, architecture);
    }

    public ModelShape vocabularySize(int tokens) {
        return new ModelShape(
                layers, heads, keyValueHeads, hiddenSize, intermediateSize, context, tokens, architecture);
    }

    /** Changes what is no size, such as whether embeddings are tied. */
    public ModelShape architecture(UnaryOperator<ModelConfig> change) {
        return new ModelShape(
                layers,
                heads,
                keyValueHeads,
                hiddenSize,
                intermediateSize,
                context,
                vocabularySize,
                change.apply(architecture));
    }

    /**
     * The configuration of the model.
     *
     * @param ids number of token ids, special ones included
     * @throws IllegalArgumentException if the sizes do not go together
     */
    public ModelConfig config(int ids) {
        AttentionConfig attention =
                architecture.attention().withHeads(heads, keyValueHeads == 0 ? heads : keyValueHeads);
        return architecture
                .withVocabularySize(ids)
                .withHiddenSize(hiddenSize, attention)
                .withLayers(layers)
                .withIntermediateSize(
                        intermediateSize == 0 ? ModelConfig.usualIntermediateSize(hiddenSize) : intermediateSize)
                .withContext(context);
    }

    /**
     * Checks that such a model fits on this machine.
     *
     * @throws BadInputException if its weights do not fit into memory
     */
    static void requireFits(ModelConfig model) {
        long weights = model.parameterCount() * Float.BYTES;
        long memory = memory();
        if (weights > memory) {
            throw new BadInputException(
                    "hidden size",
                    String.format(
                            Locale.ROOT,
                            "hidden size %d and %d layers make a model of %,d parameters: its weights alone take %,d bytes"
                                    + " of this machine's %,d.",
                            model.hiddenSize(),
                            model.layers(),
                            model.parameterCount(),
                            weights,
                            memory));
        }
    }

    /** Memory of this machine, or of the container around this process, in bytes. */
    static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : Long.MAX_VALUE;
    }
}
