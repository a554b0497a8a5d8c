package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.model.AttentionConfig;
import perdure.model.ModelConfig;
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
    void refusesToWriteBiasesThatALlamaCannotHave() {
        IllegalArgumentException error = assertThrows(
                IllegalArgumentException.class, () -> HuggingFaceConfig.config(TestConfigs.INPUT_BIAS, Runs.TOKENIZER));
        assertEquals(
                "config.json of a LlamaForCausalLM cannot describe biases on queries, keys and values alone.",
                error.getMessage());
    }
}
