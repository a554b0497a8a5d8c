package perdure.export;

import java.util.List;
import java.util.stream.IntStream;
import perdure.model.AttentionConfig;
import perdure.model.ModelConfig;
import perdure.model.ModelFamily;
import perdure.model.RotaryScaling;

/** What a GGUF file says of a model's architecture, and what llama.cpp cannot read of it. */
final class GgufArchitecture {

    /** In llama.cpp, every so manyth layer of SmolLM3 has no rotary positions. */
    private static final int SMOLLM3_STEP = 4;

    private GgufArchitecture() {}

    /**
     * Describes the model.
     *
     * @throws IllegalArgumentException if llama.cpp's architecture of this family lacks something that the model has
     */
    static void describe(ModelConfig config, GgufMetadata metadata) {
        requireExpressible(config);
        String name = name(config.family());
        metadata.put("general.architecture", name);
        metadata.put(name + ".block_count", config.layers())
                .put(name + ".context_length", config.context())
                .put(name + ".embedding_length", config.hiddenSize())
                .put(name + ".feed_forward_length", config.intermediateSize())
                .put(name + ".attention.head_count", config.heads())
                .put(name + ".attention.head_count_kv", config.keyValueHeads())
                .put(name + ".attention.key_length", config.headSize())
                .put(name + ".attention.value_length", config.headSize())
                .put(name + ".attention.layer_norm_rms_epsilon", config.normEpsilon())
                .put(name + ".rope.dimension_count", config.headSize())
                .put(name + ".rope.freq_base", config.attention().rotary().theta())
                .put(name + ".vocab_size", config.vocabularySize());
        if (config.attention().rotary().scaling() instanceof RotaryScaling.Linear linear) {
            metadata.put(name + ".rope.scaling.type", "linear").put(name + ".rope.scaling.factor", linear.factor());
        }
    }

    /** A Mistral is a Llama there. */
    private static String name(ModelFamily family) {
        return family == ModelFamily.MISTRAL ? ModelFamily.LLAMA.modelType() : family.modelType();
    }

    private static boolean isLlama(ModelConfig config) {
        return config.family() == ModelFamily.LLAMA || config.family() == ModelFamily.MISTRAL;
    }

    private static void requireExpressible(ModelConfig config) {
        AttentionConfig attention = config.attention();
        boolean qwen2 = config.family() == ModelFamily.QWEN2;
        require(config, isLlama(config) || qwen2 || !attention.inputBias(), "biases on queries, keys and values");
        require(config, isLlama(config) || !attention.outputBias(), "a bias on the output of attention");
        require(config, isLlama(config) || !config.feedForward().bias(), "biases in the feed-forward");
        require(
                config,
                config.family() == ModelFamily.QWEN3 || !attention.queryKeyNorms(),
                "norms of queries and keys");
        require(config, isLlama(config) || !needsRotaryFactors(config), "rotary scaling of the type llama3");
        List<Integer> without = config.family() == ModelFamily.SMOLLM3
                ? IntStream.range(0, config.layers())
                        .filter(layer -> (layer + 1) % SMOLLM3_STEP == 0)
                        .boxed()
                        .toList()
                : List.of();
        require(
                config,
                attention.rotary().layersWithout().equals(without),
                "no rotary positions in the layers " + attention.rotary().layersWithout());
    }

    private static void require(ModelConfig config, boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("GGUF's architecture " + name(config.family()) + " has no form for "
                    + otherwise + ", which this model has.");
        }
    }

    /** Whether the file needs the tensor of {@link #rotaryFactors}. */
    static boolean needsRotaryFactors(ModelConfig config) {
        return config.attention().rotary().scaling() instanceof RotaryScaling.Llama3;
    }

    /** What llama.cpp divides each rotary frequency by. */
    static float[] rotaryFactors(ModelConfig config) {
        float[] factors = new float[config.headSize() / 2];
        for (int i = 0; i < factors.length; i++) {
            double frequency = Math.pow(config.attention().rotary().theta(), -2.0 * i / config.headSize());
            factors[i] =
                    (float) (frequency / config.attention().rotary().scaling().scaled(frequency));
        }
        return factors;
    }
}
