package perdure.checkpoint;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import perdure.model.ModelConfig;
import perdure.model.ModelFamily;
import perdure.model.RotaryScaling;
import tools.jackson.databind.JsonNode;

/**
 * {@code config.json} and {@code generation_config.json} of a model, as transformers reads them. {@link PretrainedConfig}
 * is the other way round.
 */
final class HuggingFaceConfig {

    private HuggingFaceConfig() {}

    /**
     * The content of {@code config.json}.
     *
     * @throws IllegalArgumentException if the family of the model does not know such a model
     */
    static byte[] config(ModelConfig model, TokenizerFiles tokenizer) {
        ModelFamily family = model.family();
        family.cannotDescribe(model).ifPresent(unsaid -> {
            throw new IllegalArgumentException(
                    "config.json of a " + family.architecture() + " cannot describe " + unsaid + ".");
        });
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of(family.architecture()));
        config.put("model_type", family.modelType());
        config.put("vocab_size", model.vocabularySize());
        config.put("hidden_size", model.hiddenSize());
        config.put("intermediate_size", model.intermediateSize());
        config.put("num_hidden_layers", model.layers());
        config.put("num_attention_heads", model.heads());
        config.put("num_key_value_heads", model.keyValueHeads());
        config.put("head_dim", model.headSize());
        config.put("max_position_embeddings", model.context());
        config.put("rms_norm_eps", model.normEpsilon());
        // rope_theta is for transformers 4, rope_parameters for transformers 5.
        config.put("rope_theta", model.attention().rotary().theta());
        Map<String, Object> rope = scaling(model.attention().rotary().scaling());
        if (rope.size() > 1) {
            config.put("rope_scaling", new LinkedHashMap<>(rope));
        }
        rope.put("rope_theta", model.attention().rotary().theta());
        config.put("rope_parameters", rope);
        config.put("tie_word_embeddings", model.tiedEmbeddings());
        config.put("hidden_act", "silu");
        boolean isLlama = family == ModelFamily.LLAMA || family == ModelFamily.SMOLLM3;
        if (isLlama || family == ModelFamily.QWEN3) {
            config.put("attention_bias", model.attention().inputBias());
        }
        config.put("attention_dropout", 0.0);
        if (isLlama) {
            config.put("mlp_bias", model.feedForward().bias());
        }
        if (family == ModelFamily.MISTRAL) {
            config.put("sliding_window", null);
        } else if (family != ModelFamily.LLAMA) {
            config.put("use_sliding_window", false);
        }
        if (family == ModelFamily.SMOLLM3) {
            config.put("no_rope_layers", rotatedLayers(model));
        }
        config.put("initializer_range", 0.02);
        config.put("use_cache", true);
        config.putAll(specialIds(tokenizer)); // Some tools do not read generation_config.json.
        config.put("dtype", "float32");
        return Json.pretty(config);
    }

    /** The content of {@code generation_config.json}. Generation ends at the end of a text or of a chat message. */
    static byte[] generationConfig(TokenizerFiles tokenizer) {
        return Json.pretty(specialIds(tokenizer));
    }

    /** A model that others trained keeps the ids of its own {@code generation_config.json}. */
    private static Map<String, Object> specialIds(TokenizerFiles tokenizer) {
        Map<String, Object> ids = new LinkedHashMap<>();
        ids.put("bos_token_id", tokenizer.endOfText());
        ids.put(
                "eos_token_id",
                Stream.of(tokenizer.endOfTurn(), tokenizer.endOfText())
                        .distinct()
                        .toList());
        ids.put("pad_token_id", tokenizer.endOfText());
        byte[] given = tokenizer.files().get(Checkpoint.GENERATION_CONFIG);
        if (given != null) {
            JsonNode theirs = Json.parse(Path.of(Checkpoint.GENERATION_CONFIG), given);
            if (theirs.hasNonNull("eos_token_id")) {
                ids.replaceAll((key, usual) -> theirs.path(key).isMissingNode() ? null : theirs.path(key));
            }
        }
        return ids;
    }

    /** As {@code rope_scaling} of transformers 4. */
    private static Map<String, Object> scaling(RotaryScaling scaling) {
        Map<String, Object> rope = new LinkedHashMap<>();
        if (scaling instanceof RotaryScaling.Linear linear) {
            rope.put("rope_type", "linear");
            rope.put("factor", linear.factor());
        } else if (scaling instanceof RotaryScaling.Llama3 llama3) {
            rope.put("rope_type", "llama3");
            rope.put("factor", llama3.factor());
            rope.put("low_freq_factor", llama3.lowFactor());
            rope.put("high_freq_factor", llama3.highFactor());
            rope.put("original_max_position_embeddings", llama3.originalContext());
        } else {
            rope.put("rope_type", "default");
        }
        return rope;
    }

    /** 1 for each layer with rotary positions, 0 for each without. */
    private static List<Integer> rotatedLayers(ModelConfig model) {
        List<Integer> without = model.attention().rotary().layersWithout();
        return IntStream.range(0, model.layers())
                .mapToObj(layer -> without.contains(layer) ? 0 : 1)
                .toList();
    }
}
