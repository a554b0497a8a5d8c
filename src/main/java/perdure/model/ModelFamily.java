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
}
