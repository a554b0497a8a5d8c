package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import perdure.model.AttentionConfig;
import perdure.model.ModelConfig;
import perdure.model.RotaryConfig;
import perdure.model.RotaryScaling;
import perdure.safetensors.DamagedFileException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class PretrainedConfigTest {

    /** What every model has to say. */
    private static final String SIZES = "\"vocab_size\": 100, \"hidden_size\": 32, \"intermediate_size\": 48,"
            + " \"num_hidden_layers\": 4, \"num_attention_heads\": 4, \"max_position_embeddings\": 8192";

    @TempDir
    Path folder;

    private PretrainedConfig read(String type, String more) throws IOException {
        Path file = folder.resolve("config.json");
        Files.writeString(file, "{\"model_type\": \"" + type + "\", " + SIZES + more(more) + "}");
        return PretrainedConfig.read(file);
    }

    private static String more(String settings) {
        return settings == null || settings.isEmpty() ? "" : ", " + settings.replace('\'', '"');
    }

    private ModelConfig model(String type, String more) throws IOException {
        return read(type, more).model();
    }

    @Test
    void missingKeysHaveTheValuesOfTransformers() throws IOException {
        ModelConfig llama = model("llama", "'num_key_value_heads': null, 'head_dim': null, 'rope_scaling': null");
        assertEquals(AttentionConfig.of(4, 4), llama.attention());
        assertEquals(1e-6, llama.normEpsilon());
        assertEquals(false, llama.tiedEmbeddings());
        assertEquals(4096, read("mistral", "").window());
        assertEquals(
                AttentionConfig.of(4, 4).withInputBias(true),
                model("qwen2", "'sliding_window': 512").attention());
        AttentionConfig qwen3 = model("qwen3", "").attention();
        assertEquals(AttentionConfig.of(4, 4).withQueryKeyNorms(true).withFixedHeadSize(128), qwen3);
        ModelConfig smol = model("smollm3", "");
        assertEquals(true, smol.tiedEmbeddings());
        assertEquals(
                new RotaryConfig(2e6, RotaryScaling.NONE, List.of(3)),
                smol.attention().rotary());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'rope_theta': 5000 | 5000 | None[]",
                "'rope_parameters': {'rope_type': 'default', 'rope_theta': 5e3}, 'rope_theta': 7 | 5000 | None[]",
                "'rope_theta': 5000, 'rope_scaling': {'type': 'linear', 'factor': 4} | 5000 | Linear[factor=4.0]",
                "'rope_theta': 7, 'rope_scaling': {'rope_type': 'linear', 'factor': 4.0},"
                        + " 'rope_parameters': {'rope_type': 'default', 'rope_theta': 9} | 7 | Linear[factor=4.0]",
                "'rope_scaling': {}, 'rope_parameters': {'rope_theta': 9} | 9 | None[]",
                "'rope_parameters': {'rope_type': 'llama3', 'factor': 8, 'low_freq_factor': 1, 'high_freq_factor': 4,"
                        + " 'original_max_position_embeddings': 2048} | 10000"
                        + " | Llama3[factor=8.0, lowFactor=1.0, highFactor=4.0, originalContext=2048]",
                "'rope_scaling': {'rope_type': 'llama3', 'factor': 8, 'low_freq_factor': 1, 'high_freq_factor': 4},"
                        + " 'original_max_position_embeddings': 1024 | 10000"
                        + " | Llama3[factor=8.0, lowFactor=1.0, highFactor=4.0, originalContext=1024]"
            })
    void knowsTheOldAndTheNewKeysOfRotaryPositions(String settings, double theta, String scaling) throws IOException {
        RotaryConfig rotary = model("llama", settings).attention().rotary();
        assertEquals(theta, rotary.theta());
        assertEquals(scaling, rotary.scaling().toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mistral | 'sliding_window': null | 0",
                "mistral | 'sliding_window': 1024 | 1024",
                "llama | 'sliding_window': 1024 | 0",
                "qwen2 | 'sliding_window': 1024, 'use_sliding_window': false | 0",
                "qwen2 | 'sliding_window': 1024, 'use_sliding_window': true | 0",
                "qwen2 | 'sliding_window': 1024, 'use_sliding_window': true, 'max_window_layers': 2 | 1024",
                "qwen3 | 'use_sliding_window': true, 'layer_types': ['full_attention', 'sliding_attention'] | 4096",
                "smollm3 | 'use_sliding_window': true, 'sliding_window': null | 0"
            })
    void knowsHowFarAttentionLooksBack(String type, String settings, int window) throws IOException {
        assertEquals(window, read(type, settings).window());
    }

    @Test
    void ignoresWhatChangesNothing() throws IOException {
        assertEquals(
                model("llama", ""),
                model(
                        "llama",
                        "'_name_or_path': 'x', 'pretraining_tp': 2, 'use_cache': false, 'torch_dtype': 'bfloat16',"
                                + " 'transformers_version': '4.40.0', 'attention_dropout': 0.0, 'unsloth_fixed': true,"
                                + " 'quantization_config': null, 'attn_logit_softcapping': null, 'use_qk_norm': false,"
                                + " 'residual_multiplier': 1.0, 'partial_rotary_factor': 1, 'num_experts': 0,"
                                + " 'hidden_act': 'swish', 'auto_map': {'AutoConfig': 'configuration.X'},"
                                + " 'no_rope_layers': [], 'rope_interleaved': false, 'architectures': null"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gemma | | model_type is \"gemma\", which is not one of llama, mistral, qwen2, qwen3, smollm3",
                "llama | 'architectures': ['LlamaForSequenceClassification']"
                        + " | architectures is [\"LlamaForSequenceClassification\"], not LlamaForCausalLM",
                "llama | 'rope_scaling': {'type': 'yarn', 'factor': 4}"
                        + " | rope_scaling.type is \"yarn\", which is not supported;"
                        + " only \"default\", \"linear\" and \"llama3\" are",
                "llama | 'rope_parameters': {'rope_type': 'dynamic', 'factor': 4}"
                        + " | rope_parameters.rope_type is \"dynamic\", which is not supported;"
                        + " only \"default\", \"linear\" and \"llama3\" are",
                "llama | 'rope_scaling': {'rope_type': 'linear'} | has no rope_scaling.factor",
                "llama | 'rope_scaling': {'rope_type': 'linear', 'factor': '4'}"
                        + " | rope_scaling.factor is \"4\", which is not a number",
                "llama | 'rope_scaling': {'rope_type': 'linear', 'factor': 0.5} | rotary factor 0.5 is not a number from 1.",
                "llama | 'rope_scaling': 'yarn' | rope_scaling is \"yarn\", which is not an object",
                "llama | 'rope_parameters': {'full_attention': {'rope_theta': 1}} | rope_parameters.full_attention is"
                        + " {\"rope_theta\":1}, but positions of their own for some layers are not supported",
                "llama | 'rope_theta': -1 | rotary theta -1.0 is not a positive number.",
                "qwen2 | 'rope_parameters': {'partial_rotary_factor': 0.5}"
                        + " | rope_parameters.partial_rotary_factor is 0.5, which is not supported; only 1 is",
                "llama | 'partial_rotary_factor': 0.5 | partial_rotary_factor is 0.5, which is not supported; only 1 is",
                "llama | 'hidden_act': 'gelu' | hidden_act is \"gelu\", which is not supported; only \"silu\" is",
                "llama | 'quantization_config': {'bits': 4}"
                        + " | quantization_config is {\"bits\":4}, which is not supported",
                "llama | 'quantization': {'bits': 4} | quantization is {\"bits\":4}, which is not supported",
                "mistral | 'attention_bias': true | attention_bias is true, which is not supported",
                "qwen2 | 'mlp_bias': true | mlp_bias is true, which is not supported",
                "llama | 'use_bias': true | use_bias is true, which is not supported",
                "llama | 'use_qk_norm': true | use_qk_norm is true, which is not supported",
                "llama | 'logits_scaling': 8.0 | logits_scaling is 8.0, which is not supported; only 1 is",
                "llama | 'attention_multiplier': 0.01 | attention_multiplier is 0.01, which is not supported",
                "llama | 'final_logit_softcapping': 30.0 | final_logit_softcapping is 30.0, which is not supported",
                "llama | 'clip_qkv': 8 | clip_qkv is 8, which is not supported",
                "llama | 'num_local_experts': 8 | num_local_experts is 8, which is not supported",
                "llama | 'attention_dropout': 0.1 | attention_dropout is 0.1, which is not supported; only 0 is",
                "llama | 'is_causal': false | is_causal is false, which is not supported; only true is",
                "llama | 'auto_map': {'AutoModelForCausalLM': 'm.X'} | auto_map is"
                        + " {\"AutoModelForCausalLM\":\"m.X\"}, so that code in its folder defines what the model computes",
                "llama | 'no_rope_layers': [1, 0] | no_rope_layers is [1,0], which is supported in smollm3 alone",
                "smollm3 | 'no_rope_layers': [1, 0]"
                        + " | no_rope_layers is [1,0], which has fewer values than there are layers",
                "qwen3 | 'layer_types': ['linear_attention']"
                        + " | layer_types is [\"linear_attention\"], which is not supported",
                "llama | 'num_key_value_heads': 3 | heads 4 is not a multiple of key and value heads 3.",
                "llama | 'num_key_value_heads': 0"
                        + " | num_key_value_heads is 0, which is not a whole number from 1 to 1048576",
                "llama | 'head_dim': 7 | head size 7 is odd; rotary positions need an even one.",
                "llama | 'rms_norm_eps': '1e-5' | rms_norm_eps is \"1e-5\", which is not a number",
                "llama | 'tie_word_embeddings': 1 | tie_word_embeddings is 1, which is neither true nor false"
            })
    void refusesInOneLineWhatItCannotCompute(String type, String settings, String problem) {
        DamagedFileException refused = assertThrows(DamagedFileException.class, () -> read(type, settings));
        assertEquals(folder.resolve("config.json") + ": " + problem, refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads"})
    void refusesWhatSaysTooLittle(String key) throws IOException {
        assertRefused(config -> config.remove(key), "has no " + key);
    }

    @Test
    void refusesSizesBeyondAnyModel() throws IOException {
        assertRefused(
                config -> config.put("num_hidden_layers", 1_000_000_000),
                "num_hidden_layers is 1000000000, which is not a whole number from 1 to 1024");
        assertRefused(
                config -> config.put("hidden_size", 1L << 40),
                "hidden_size is 1099511627776, which is not a whole number from 1 to 1048576");
    }

    private void assertRefused(Consumer<ObjectNode> change, String problem) throws IOException {
        read("llama", "");
        Path file = folder.resolve("config.json");
        JsonNode config = Json.parse(file, Files.readAllBytes(file));
        change.accept((ObjectNode) config);
        Files.write(file, Json.pretty(config));
        String message = assertThrows(DamagedFileException.class, () -> PretrainedConfig.read(file))
                .getMessage();
        assertEquals(file + ": " + problem, message.replaceFirst(", which is one of .*", ""));
    }

    @Provide
    Arbitrary<String> values() {
        return Arbitraries.of(
                "null",
                "true",
                "false",
                "0",
                "-1",
                "1",
                "7",
                "1e400",
                "0.5",
                "99999999999999999999",
                "\"\"",
                "\"x\"",
                "[]",
                "[0]",
                "[\"full_attention\"]",
                "{}",
                "{\"rope_type\": \"linear\"}",
                "{\"factor\": -1}");
    }

    @Property(tries = 500)
    void readsOrRefusesAnyValueInOneLine(
            @ForAll("values") String value, @ForAll @IntRange(max = 60) int place, @ForAll boolean removed)
            throws IOException {
        Path golden = Path.of("src/test/resources/golden/pretrained");
        List<Path> models = DurableFiles.list(golden);
        Path source = models.get(place % models.size()).resolve("config.json");
        ObjectNode config = (ObjectNode) Json.parse(source, Files.readAllBytes(source));
        List<String> keys = List.copyOf(config.propertyNames());
        String key = keys.get(place * 7 % keys.size());
        Path file = Files.createTempFile("config", ".json");
        try {
            String text = config.toString();
            String whole = "\"" + key + "\":" + config.get(key);
            Files.writeString(
                    file, removed ? text.replace(whole, "\"x\":1") : text.replace(whole, "\"" + key + "\":" + value));
            PretrainedConfig.read(file);
        } catch (DamagedFileException refused) {
            assertTrue(refused.getMessage().startsWith(file + ": "), refused.getMessage());
            assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
        } finally {
            Files.delete(file);
        }
    }

    /** What transformers wrote of each family is said again by what is written here. */
    @Test
    void theConfigurationsOfTransformersAreWrittenAsTheyWereRead() throws IOException {
        Path golden = Path.of("src/test/resources/golden/pretrained");
        for (Path model : DurableFiles.list(golden)) {
            ModelConfig config =
                    PretrainedConfig.read(model.resolve("config.json")).model();
            Path file = folder.resolve("config.json");
            Files.write(file, HuggingFaceConfig.config(config, new TokenizerFiles(Map.of(), 1, 2)));
            assertEquals(new PretrainedConfig(config, 0), PretrainedConfig.read(file), model.toString());
        }
    }
}
