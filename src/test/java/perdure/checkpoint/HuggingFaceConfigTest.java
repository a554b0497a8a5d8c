package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.model.AttentionConfig;
import perdure.model.ModelConfig;
import perdure.model.ModelFamily;
import perdure.model.TestConfigs;
import tools.jackson.databind.JsonNode;

class HuggingFaceConfigTest {

    @TempDir
    Path folder;

    @Test
    void readsWhatItWrites() throws IOException {
        Path file = folder.resolve("config.json");
        AttentionConfig five = ModelConfig.DEFAULT.attention().withHeads(5, 1);
        ModelConfig narrow = TestConfigs.GROUPED_QUERY.withHiddenSize(10, five);
        for (ModelConfig config : List.of(ModelConfig.DEFAULT, narrow)) {
            Files.write(file, HuggingFaceConfig.config(config, Runs.TOKENIZER));
            assertEquals(new PretrainedConfig(config, 0), PretrainedConfig.read(file));
        }
    }

    /** Jlama looks for these ids in {@code config.json} alone. */
    @Test
    void bothFilesHaveTheTokensThatEndAnAnswer() throws IOException {
        JsonNode config = Json.MAPPER.readTree(HuggingFaceConfig.config(ModelConfig.DEFAULT, Runs.TOKENIZER));
        JsonNode generation = Json.MAPPER.readTree(HuggingFaceConfig.generationConfig(Runs.TOKENIZER));
        assertEquals(
                List.of(Runs.TOKENIZER.endOfTurn(), Runs.TOKENIZER.endOfText()),
                Json.MAPPER.convertValue(config.path("eos_token_id"), List.class));
        for (String key : List.of("bos_token_id", "eos_token_id", "pad_token_id")) {
            assertEquals(generation.path(key), config.path(key), key);
        }
    }

    @Test
    void aModelOfOthersKeepsItsIds() {
        String given = "{\"bos_token_id\": 1, \"eos_token_id\": [4, 2], \"temperature\": 0.6}";
        TokenizerFiles tokenizer =
                new TokenizerFiles(Map.of("generation_config.json", given.getBytes(StandardCharsets.UTF_8)), 2, 2);
        JsonNode config = Json.MAPPER.readTree(HuggingFaceConfig.config(ModelConfig.DEFAULT, tokenizer));
        assertEquals(1, config.path("bos_token_id").asInt());
        assertEquals("[4,2]", config.path("eos_token_id").toString());
        assertTrue(config.path("pad_token_id").isNull());
        config =
                Json.MAPPER.readTree(HuggingFaceConfig.config(ModelConfig.DEFAULT, new TokenizerFiles(Map.of(), 2, 2)));
        assertEquals("[2]", config.path("eos_token_id").toString());
    }

    @Test
    void refusesToWriteWhatAFamilyCannotHave() {
        assertRefused("LlamaForCausalLM", "biases on queries, keys and values alone", TestConfigs.INPUT_BIAS);
        ModelConfig plain = TestConfigs.GROUPED_QUERY;
        AttentionConfig attention = plain.attention();
        ModelConfig biased = plain.withAttention(attention.withInputBias(true).withOutputBias(true));
        ModelConfig normed = plain.withAttention(attention.withQueryKeyNorms(true));
        ModelConfig unrotated =
                plain.withAttention(attention.withRotary(attention.rotary().withLayersWithout(List.of(1))));
        assertRefused(
                "LlamaForCausalLM",
                "a bias on the output of attention alone",
                plain.withAttention(attention.withOutputBias(true)));
        assertRefused(
                "MistralForCausalLM", "biases on all projections of attention", biased.withFamily(ModelFamily.MISTRAL));
        assertRefused("Qwen2ForCausalLM", "attention without biases", plain.withFamily(ModelFamily.QWEN2));
        assertRefused(
                "Qwen3ForCausalLM", "a model without norms of queries and keys", plain.withFamily(ModelFamily.QWEN3));
        assertRefused("SmolLM3ForCausalLM", "norms of queries and keys", normed.withFamily(ModelFamily.SMOLLM3));
        assertRefused("LlamaForCausalLM", "layers without rotary positions", unrotated);
        assertRefused(
                "Qwen3ForCausalLM",
                "biases of the feed-forward",
                normed.withFeedForward(normed.feedForward().withBias(true)).withFamily(ModelFamily.QWEN3));
    }

    private static void assertRefused(String architecture, String unsaid, ModelConfig model) {
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> HuggingFaceConfig.config(model, Runs.TOKENIZER));
        assertEquals("config.json of a " + architecture + " cannot describe " + unsaid + ".", error.getMessage());
    }
}
