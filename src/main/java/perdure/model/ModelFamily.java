package perdure.model;

import java.util.Arrays;
import java.util.Optional;

/**
 * The published families of models that a {@link ModelConfig} can describe. A family says only how the files of a model
 * are named and which values they can state; what the layers compute follows from those values alone.
 */
public enum ModelFamily {
    LLAMA("llama", "LlamaForCausalLM"),
    MISTRAL("mistral", "MistralForCausalLM"),
    QWEN2("qwen2", "Qwen2ForCausalLM"),
    QWEN3("qwen3", "Qwen3ForCausalLM"),
    SMOLLM3("smollm3", "SmolLM3ForCausalLM");

    private final String modelType;
    private final String architecture;

    ModelFamily(String modelType, String architecture) {
        this.modelType = modelType;
        this.architecture = architecture;
    }

    /** The {@code model_type} of a Hugging Face {@code config.json}. */
    public String modelType() {
        return modelType;
    }

    /** The name of its class in transformers, as {@code architectures} of {@code config.json} has it. */
    public String architecture() {
        return architecture;
    }

    /** The family with that {@code model_type}; empty if there is none. */
    public static Optional<ModelFamily> ofModelType(String modelType) {
        return Arrays.stream(values())
                .filter(family -> family.modelType.equals(modelType))
                .findFirst();
    }

    /** What of a model its {@code config.json} cannot say, to be read after "cannot describe"; empty if it says all. */
    public Optional<String> cannotDescribe(ModelConfig config) {
        AttentionConfig attention = config.attention();
        boolean statesBiases =
                switch (this) {
                    case MISTRAL -> !attention.inputBias() && !attention.outputBias();
                    case QWEN2 -> attention.inputBias() && !attention.outputBias();
                    case LLAMA, QWEN3, SMOLLM3 -> attention.inputBias() == attention.outputBias();
                };
        if (!statesBiases) {
            return Optional.of(biases(attention));
        }
        if (config.feedForward().bias() && this != LLAMA && this != SMOLLM3) {
            return Optional.of("biases of the feed-forward");
        }
        if (attention.queryKeyNorms() != (this == QWEN3)) {
            return Optional.of((attention.queryKeyNorms() ? "" : "a model without ") + "norms of queries and keys");
        }
        if (!attention.rotary().layersWithout().isEmpty() && this != SMOLLM3) {
            return Optional.of("layers without rotary positions");
        }
        return Optional.empty();
    }

    private static String biases(AttentionConfig attention) {
        if (attention.inputBias()) {
            return attention.outputBias()
                    ? "biases on all projections of attention"
                    : "biases on queries, keys and values alone";
        }
        return attention.outputBias() ? "a bias on the output of attention alone" : "attention without biases";
    }
}
