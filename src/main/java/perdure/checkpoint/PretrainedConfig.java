package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import perdure.model.AttentionConfig;
import perdure.model.EmbeddingConfig;
import perdure.model.FeedForwardConfig;
import perdure.model.ModelConfig;
import perdure.model.ModelFamily;
import perdure.model.RotaryConfig;
import perdure.safetensors.DamagedFileException;

/**
 * A Hugging Face {@code config.json}, read strictly: what would make the model compute something else than {@link
 * perdure.model.LanguageModel} does is refused by its key. Keys that change nothing are ignored. Missing keys have the
 * values of transformers' classes, whose older and newer spellings are both known.
 *
 * @param model with the longest context that the model has positions for
 * @param window number of tokens that attention looks back on; 0: all of them
 */
record PretrainedConfig(ModelConfig model, int window) {

    private static final int MAXIMUM_WIDTH = 1 << 20;
    private static final int MAXIMUM_LAYERS = 1 << 10;
    private static final int MAXIMUM_VOCABULARY = 1 << 24;
    private static final int MAXIMUM_CONTEXT = Integer.MAX_VALUE - 1;

    private static final double NORM_EPSILON = 1e-6;
    private static final double SMOLLM3_THETA = 2e6;
    private static final int QWEN3_HEAD_SIZE = 128;
    private static final int USUAL_WINDOW = 4096;
    private static final int QWEN_FULL_LAYERS = 28;
    private static final int NO_ROTARY_INTERVAL = 4;

    /** Keys of what this decoder does not have. They may be there, if they switch it off. */
    private static final Set<String> NOT_MODELLED = Set.of(
            // files
            "quantization_config",
            "quantization",
            "compression_config",
            // experts, latent attention
            "num_experts",
            "num_local_experts",
            "n_routed_experts",
            "kv_lora_rank",
            "q_lora_rank",
            // biases
            "bias",
            "use_bias",
            "qkv_bias",
            "lm_head_bias",
            "attention_out_bias",
            "add_bias_linear",
            // attention
            "attention_multiplier",
            "query_pre_attn_scalar",
            "attn_logit_softcapping",
            "attn_temperature_tuning",
            "attention_chunk_size",
            "clip_qkv",
            "use_logn_attn",
            "use_bidirectional_attention",
            "add_cross_attention",
            // residual stream and logits
            "final_logit_softcapping",
            "scale_depth",
            "dim_model_base",
            "use_parallel_residual",
            // positions
            "use_dynamic_ntk",
            "use_mrope",
            "rope_interleave",
            "rope_interleaved",
            "alibi");

    /** Keys of norms of queries and keys, which the family decides here. */
    private static final Set<String> QUERY_KEY_NORMS = Set.of("use_qk_norm", "qk_norm", "qk_layernorm");

    /** Keys of factors that this decoder does not have. They may be there, if they are 1. */
    private static final Set<String> FACTORS = Set.of(
            "embedding_multiplier",
            "residual_multiplier",
            "logits_scaling",
            "logit_scale",
            "lm_head_multiplier",
            "key_multiplier",
            "scale_emb",
            "partial_rotary_factor",
            "rotary_pct");

    /**
     * Reads a {@code config.json}.
     *
     * @throws DamagedFileException that names the key and the value which are refused
     */
    static PretrainedConfig read(Path file) throws IOException {
        JsonSettings json = JsonSettings.read(file);
        ModelFamily family = family(json);
        requireModelled(json, family);
        try {
            ModelConfig model = model(json, family);
            return new PretrainedConfig(model, window(json, model));
        } catch (IllegalArgumentException problem) {
            throw new DamagedFileException(file, problem.getMessage());
        }
    }

    private static ModelConfig model(JsonSettings json, ModelFamily family) {
        boolean isQwen2 = family == ModelFamily.QWEN2;
        boolean isQwen3 = family == ModelFamily.QWEN3;
        boolean isSmolLm3 = family == ModelFamily.SMOLLM3;
        int heads = json.whole("num_attention_heads", MAXIMUM_WIDTH);
        int layers = json.whole("num_hidden_layers", MAXIMUM_LAYERS);
        int context = json.whole("max_position_embeddings", MAXIMUM_CONTEXT);
        boolean bias = !isQwen2 && json.flag("attention_bias", false);
        AttentionConfig attention = new AttentionConfig(
                heads,
                json.whole("num_key_value_heads", MAXIMUM_WIDTH, heads),
                json.whole("head_dim", MAXIMUM_WIDTH, isQwen3 ? QWEN3_HEAD_SIZE : 0),
                bias || isQwen2,
                bias,
                isQwen3,
                new RotaryConfig(
                        RotarySettings.theta(json, isSmolLm3 ? SMOLLM3_THETA : RotaryConfig.THETA),
                        RotarySettings.scaling(json, context),
                        isSmolLm3 ? layersWithoutRotary(json, layers) : List.of()));
        return new ModelConfig(
                family,
                new EmbeddingConfig(
                        json.whole("vocab_size", MAXIMUM_VOCABULARY), json.flag("tie_word_embeddings", isSmolLm3)),
                json.whole("hidden_size", MAXIMUM_WIDTH),
                layers,
                context,
                json.number("rms_norm_eps", NORM_EPSILON),
                attention,
                new FeedForwardConfig(json.whole("intermediate_size", MAXIMUM_WIDTH), json.flag("mlp_bias", false)));
    }

    private static ModelFamily family(JsonSettings json) {
        String known =
                Arrays.stream(ModelFamily.values()).map(ModelFamily::modelType).collect(Collectors.joining(", "));
        ModelFamily family = ModelFamily.ofModelType(json.text("model_type", ""))
                .orElseThrow(() -> json.has("model_type")
                        ? json.refused("model_type", "which is not one of " + known)
                        : new DamagedFileException(json.file(), "has no model_type, which is one of " + known));
        List<String> architectures = json.texts("architectures");
        if (!architectures.isEmpty() && !architectures.contains(family.architecture())) {
            throw json.refused("architectures", "not " + family.architecture());
        }
        return family;
    }

    /** Refuses what the layers do not have. */
    private static void requireModelled(JsonSettings json, ModelFamily family) {
        for (String key : json.keys()) {
            boolean absent = NOT_MODELLED.contains(key)
                    || QUERY_KEY_NORMS.contains(key) && family != ModelFamily.QWEN3
                    || key.equals("attention_bias") && family == ModelFamily.MISTRAL
                    || key.equals("mlp_bias") && family != ModelFamily.LLAMA && family != ModelFamily.SMOLLM3;
            if (absent && !json.isOff(key)) {
                throw json.refused(key, "which is not supported");
            }
            if (FACTORS.contains(key) && json.number(key, 1) != 1) {
                throw json.refused(key, "which is not supported; only 1 is");
            }
        }
        for (String key : List.of("hidden_act", "hidden_activation")) {
            if (!Set.of("silu", "swish").contains(json.text(key, "silu"))) { // two names of one function
                throw json.refused(key, "which is not supported; only \"silu\" is");
            }
        }
        if (json.number("attention_dropout", 0) != 0) {
            throw json.refused("attention_dropout", "which is not supported; only 0 is");
        }
        if (!json.flag("is_causal", true)) {
            throw json.refused("is_causal", "which is not supported; only true is");
        }
        if (json.object("auto_map")
                .filter(map -> map.has("AutoModelForCausalLM"))
                .isPresent()) {
            throw json.refused("auto_map", "so that code in its folder defines what the model computes");
        }
        if (family != ModelFamily.SMOLLM3 && json.wholes("no_rope_layers").contains(0)) {
            throw json.refused("no_rope_layers", "which is supported in " + ModelFamily.SMOLLM3.modelType() + " alone");
        }
    }

    private static List<Integer> layersWithoutRotary(JsonSettings json, int layers) {
        List<Integer> rotated = json.wholes("no_rope_layers");
        int interval = json.whole("no_rope_layer_interval", MAXIMUM_CONTEXT, NO_ROTARY_INTERVAL);
        if (!rotated.isEmpty() && rotated.size() < layers) {
            throw json.refused("no_rope_layers", "which has fewer values than there are layers");
        }
        List<Integer> without = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            if (rotated.isEmpty() ? (layer + 1) % interval == 0 : rotated.get(layer) == 0) {
                without.add(layer);
            }
        }
        return without;
    }

    /** As transformers' classes have it: Mistral's is on by default, that of the others only if they say so. */
    private static int window(JsonSettings json, ModelConfig model) {
        List<String> types = json.texts("layer_types");
        if (!Set.of("full_attention", "sliding_attention").containsAll(types)) {
            throw json.refused("layer_types", "which is not supported");
        }
        boolean isOn =
                switch (model.family()) {
                    case LLAMA -> types.contains("sliding_attention");
                    case MISTRAL -> json.flag("use_sliding_window", true);
                    case QWEN2, QWEN3 ->
                        json.flag("use_sliding_window", false)
                                && (types.isEmpty()
                                        ? json.whole("max_window_layers", MAXIMUM_LAYERS, QWEN_FULL_LAYERS)
                                                < model.layers()
                                        : types.contains("sliding_attention"));
                    case SMOLLM3 -> json.flag("use_sliding_window", false);
                };
        boolean isNull = json.keys().contains("sliding_window") && !json.has("sliding_window");
        return isOn && !isNull ? json.whole("sliding_window", MAXIMUM_CONTEXT, USUAL_WINDOW) : 0;
    }
}
