package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import perdure.model.AttentionConfig;
import perdure.model.ModelConfig;
import perdure.safetensors.DamagedFileException;
import tools.jackson.databind.JsonNode;

/** {@code config.json} and {@code generation_config.json} of a {@code LlamaForCausalLM}, as transformers reads them. */
final class HuggingFaceConfig {

    private static final String ARCHITECTURE = "LlamaForCausalLM";

    private HuggingFaceConfig() {}

    /**
     * The content of {@code config.json}.
     *
     * @throws IllegalArgumentException if the model is not a {@code LlamaForCausalLM}
     */
    static byte[] config(ModelConfig model, TokenizerFiles tokenizer) {
        if (model.attention().inputBias()) {
            // Its attention_bias would also add a bias to the output projection.
            throw new IllegalArgumentException(
                    "config.json of a " + ARCHITECTURE + " cannot describe biases on queries, keys and values alone.");
        }
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of(ARCHITECTURE));
        config.put("model_type", "llama");
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
        Map<String, Object> rope = new LinkedHashMap<>();
        rope.put("rope_type", "default");
        rope.put("rope_theta", model.attention().rotary().theta());
        config.put("rope_parameters", rope);
        config.put("tie_word_embeddings", model.tiedEmbeddings());
        config.put("hidden_act", "silu");
        config.put("attention_bias", false);
        config.put("attention_dropout", 0.0);
        config.put("mlp_bias", false);
        config.put("initializer_range", 0.02);
        config.put("use_cache", true);
        config.put("bos_token_id", tokenizer.endOfText());
        config.put("eos_token_id", endsOfAnswers(tokenizer)); // Some tools do not read generation_config.json.
        config.put("pad_token_id", tokenizer.endOfText());
        config.put("dtype", "float32");
        return Json.pretty(config);
    }

    /** The content of {@code generation_config.json}. Generation ends at the end of a text or of a chat message. */
    static byte[] generationConfig(TokenizerFiles tokenizer) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("bos_token_id", tokenizer.endOfText());
        config.put("eos_token_id", endsOfAnswers(tokenizer));
        config.put("pad_token_id", tokenizer.endOfText());
        return Json.pretty(config);
    }

    private static List<Integer> endsOfAnswers(TokenizerFiles tokenizer) {
        return List.of(tokenizer.endOfTurn(), tokenizer.endOfText());
    }

    /**
     * Reads a {@code config.json}.
     *
     * @throws DamagedFileException if {@link #config} could not have written it
     */
    static ModelConfig read(Path file) throws IOException {
        JsonNode config = Json.parse(file, Json.bytes(file, Json.MAXIMUM_FILE));
        if (!config.path("architectures").path(0).asString("").equals(ARCHITECTURE)) {
            throw new DamagedFileException(file, "does not describe a " + ARCHITECTURE);
        }
        try {
            AttentionConfig attention = ModelConfig.DEFAULT
                    .attention()
                    .withHeads(
                            number(file, config, "num_attention_heads"), number(file, config, "num_key_value_heads"));
            return ModelConfig.DEFAULT
                    .withVocabularySize(number(file, config, "vocab_size"))
                    .withHiddenSize(number(file, config, "hidden_size"), attention)
                    .withLayers(number(file, config, "num_hidden_layers"))
                    .withIntermediateSize(number(file, config, "intermediate_size"))
                    .withContext(number(file, config, "max_position_embeddings"))
                    .withTiedEmbeddings(config.path("tie_word_embeddings").asBoolean(false));
        } catch (IllegalArgumentException problem) {
            throw new DamagedFileException(file, problem.getMessage());
        }
    }

    private static int number(Path file, JsonNode config, String key) {
        JsonNode value = config.path(key);
        if (!value.isInt()) {
            throw new DamagedFileException(file, key + " is " + value + ", not a whole number");
        }
        return value.intValue();
    }
}
