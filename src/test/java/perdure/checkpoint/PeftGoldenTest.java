package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.device.LoadedNatives;
import perdure.model.GoldenModel;
import perdure.model.LanguageModel;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;
import perdure.safetensors.DamagedFileException;
import perdure.safetensors.Safetensors;
import perdure.train.AdamW;
import tools.jackson.databind.JsonNode;

/** Adapters that PEFT made, read and trained on: the same logits, gradients, merged weights and losses. */
@ExtendWith(LoadedNatives.class)
class PeftGoldenTest {

    private static final Path GOLDEN = Path.of("src/test/resources/golden/lora");
    private static final Path ADAPTER = GOLDEN.resolve("adapter");

    @TempDir
    Path folder;

    private PointerScope scope;
    private Map<String, Tensor> expected;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        expected = Safetensors.read(GOLDEN.resolve("expected.safetensors"));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static ModelConfig config() throws IOException {
        return PretrainedConfig.read(GOLDEN.resolve("base/config.json")).model();
    }

    private static LanguageModel adapted(boolean bf16Base) throws IOException {
        LoraConfig lora = AdapterConfig.read(ADAPTER).lora().bf16Base(bf16Base);
        LanguageModel model = new LanguageModel(config(), lora, 0);
        Map<String, Tensor> weights = model.namedTensors();
        Map<String, Tensor> base = Safetensors.read(GOLDEN.resolve("base/model.safetensors"));
        weights.forEach((name, weight) -> weight.copy_(base.get(name)));
        AdapterConfig.readInto(ADAPTER, model.namedTrained());
        return model;
    }

    @Test
    void readsWhatPeftSaved() {
        AdapterConfig config = AdapterConfig.read(ADAPTER);
        assertEquals(new LoraConfig(4, 10, 0, LoraConfig.ALL_LINEAR, false), config.lora());
        assertEquals("someone/tiny-llama", config.base());
    }

    @Test
    void givesTheLogitsLossAndGradientsOfPeft() throws IOException {
        JsonNode numbers = Json.parse(GOLDEN, Files.readAllBytes(GOLDEN.resolve("expected.json")));
        try (LanguageModel model = adapted(false)) {
            Tensor logits = model.logits(expected.get("ids"));
            assertEquals(0, GoldenModel.difference(logits, expected.get("logits")), 1e-5);
            try (LanguageModel.Loss loss = model.forward(expected.get("ids"), expected.get("targets"), 1)) {
                assertEquals(numbers.get("lossSum").asDouble(), loss.sum(), 1e-3);
                loss.backward();
            }
            model.named(Tensor::grad).forEach((name, gradient) -> {
                double difference = GoldenModel.relativeDifference(gradient, expected.get("gradient." + name));
                assertTrue(difference < 1e-4, name + " differs by " + difference);
            });
        }
    }

    @Test
    void goesOnWithTheLossesOfPeft() throws IOException {
        JsonNode numbers = Json.parse(GOLDEN, Files.readAllBytes(GOLDEN.resolve("expected.json")));
        double scale = 1 / numbers.get("counted").asDouble();
        try (LanguageModel model = adapted(false);
                AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT)) {
            assertEquals(
                    2 * model.namedTrained().size(), optimizer.namedMoments().size());
            for (JsonNode loss : numbers.get("losses")) {
                try (LanguageModel.Loss step = model.forward(expected.get("ids"), expected.get("targets"), scale)) {
                    assertEquals(loss.asDouble(), step.sum() * scale, 1e-4);
                    step.backward();
                }
                optimizer.step(1e-2);
                optimizer.gradients().zero();
            }
        }
    }

    @Test
    void mergesAsPeftDoes() throws IOException {
        Map<String, Tensor> weights = Safetensors.read(GOLDEN.resolve("base/model.safetensors"));
        AdapterConfig.read(ADAPTER)
                .lora()
                .merge(weights, Safetensors.read(ADAPTER.resolve("adapter_model.safetensors")));
        long compared = expected.keySet().stream()
                .filter(name -> name.startsWith("merged."))
                .peek(name -> assertEquals(
                        0,
                        GoldenModel.difference(weights.get(name.substring("merged.".length())), expected.get(name)),
                        1e-5,
                        name))
                .count();
        assertEquals(7, compared);
    }

    /** Merged or not, the logits are those of float64 arithmetic. Two float32 results may differ by twice as much. */
    @Test
    void mergedOrNotTheLogitsAreThoseOfFloat64() throws IOException {
        Tensor exact = expected.get("logits.float64");
        try (LanguageModel model = adapted(false);
                LanguageModel merged = new LanguageModel(config(), 0)) {
            merged.namedTensors().forEach((name, weight) -> weight.detach()
                    .copy_(model.namedTensors().get(name)));
            AdapterConfig.read(ADAPTER)
                    .lora()
                    .merge(merged.namedTensors(), Safetensors.read(ADAPTER.resolve("adapter_model.safetensors")));
            assertEquals(0, GoldenModel.difference(model.logits(expected.get("ids")), exact), 1e-5);
            assertEquals(0, GoldenModel.difference(merged.logits(expected.get("ids")), exact), 1e-5);
        }
    }

    @Test
    void readsOtherElementTypes() throws IOException {
        Map<String, Tensor> half = Safetensors.read(ADAPTER.resolve("adapter_model.safetensors"));
        half.replaceAll((name, tensor) -> tensor.to(torch.ScalarType.BFloat16));
        Safetensors.write(folder.resolve("adapter_model.safetensors"), half, Map.of());
        try (LanguageModel model = adapted(true)) {
            AdapterConfig.readInto(folder, model.namedTrained());
            model.namedTrained()
                    .forEach((name, tensor) ->
                            assertTrue(torch.equal(tensor, half.get(name).to(torch.ScalarType.Float)), name));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'\"bias\": \"none\"', '\"bias\": \"all\"', bias",
        "'\"use_dora\": false', '\"use_dora\": true', use_dora",
        "'\"use_rslora\": false', '\"use_rslora\": true', use_rslora",
        "'\"modules_to_save\": null', '\"modules_to_save\": [\"lm_head\"]', modules_to_save",
        "'\"rank_pattern\": {}', '\"rank_pattern\": {\"q_proj\": 2}', rank_pattern",
        "'\"peft_type\": \"LORA\"', '\"peft_type\": \"IA3\"', peft_type",
        "'\"init_lora_weights\": true', '\"init_lora_weights\": \"pissa\"', init_lora_weights",
        "'\"r\": 4', '\"r\": 0', lora rank 0",
        "'\"r\": 4', '\"r\": \"4\"', r is",
        "'\"lora_alpha\": 10', '\"lora_alpha\": null', lora_alpha",
        "'\"lora_alpha\"', '\"other\"', lora_alpha is missing",
        "'\"lora_dropout\"', '\"lora_dropout\": \"much\", \"other\"', lora_dropout",
    })
    void refusesWhatComputesSomethingElse(String before, String after, String named) throws IOException {
        String config = Files.readString(ADAPTER.resolve("adapter_config.json"));
        assertTrue(config.contains(before), before);
        Files.writeString(folder.resolve("adapter_config.json"), config.replace(before, after));
        Files.copy(ADAPTER.resolve("adapter_model.safetensors"), folder.resolve("adapter_model.safetensors"));
        String message = assertThrows(DamagedFileException.class, () -> AdapterConfig.read(folder))
                .getMessage();
        assertTrue(message.contains(named), message);
        assertTrue(message.startsWith(folder.resolve("adapter_config.json").toString()), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void adaptersWithoutTheirMatricesAreNamed() throws IOException {
        Files.copy(ADAPTER.resolve("adapter_config.json"), folder.resolve("adapter_config.json"));
        String message = assertThrows(DamagedFileException.class, () -> AdapterConfig.read(folder))
                .getMessage();
        assertEquals(
                folder.resolve("adapter_model.safetensors") + ": is missing; adapters are read as safetensors alone",
                message);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusesAdaptersOfAnotherBase(boolean wider) throws IOException {
        ModelConfig other = wider ? config().withIntermediateSize(32) : config().withLayers(3);
        try (LanguageModel model =
                new LanguageModel(other, AdapterConfig.read(ADAPTER).lora(), 0)) {
            String message = assertThrows(
                            DamagedFileException.class, () -> AdapterConfig.readInto(ADAPTER, model.namedTrained()))
                    .getMessage();
            assertTrue(message.contains("does not fit this base: "), message);
        }
    }

    @Test
    void readsWhatItWrites() throws IOException {
        AdapterConfig config = new AdapterConfig(LoraConfig.DEFAULT.alpha(0.5).targets("q_proj,down_proj"), "/a/base");
        try (LanguageModel model = new LanguageModel(config(), config.lora(), 1)) {
            config.write(folder, model.namedTrained());
        }
        assertEquals(config, AdapterConfig.read(folder));
    }
}
