package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.checkpoint.PretrainedFolder;
import perdure.device.LoadedNatives;
import perdure.model.GoldenModel;
import perdure.model.KeyValueCache;
import perdure.model.LanguageModel;
import perdure.model.ModelFamily;
import tools.jackson.databind.JsonNode;

/**
 * Folders that {@code scripts/golden/pretrained.py} let transformers write: one of each family, and the odd ways to write
 * one. Read here, each model computes what transformers computed.
 */
@ExtendWith(LoadedNatives.class)
class PretrainedGoldenTest {

    private static final Path GOLDEN = Path.of("src/test/resources/golden/pretrained");
    private static final double TOLERANCE = 1e-4;
    private static final double LEARNING_RATE = 1e-2;

    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    static List<Path> folders() throws IOException {
        try (Stream<Path> folders = Files.list(GOLDEN)) {
            return folders.sorted().toList();
        }
    }

    private static LanguageModel model(Path folder) {
        PretrainedFolder pretrained = PretrainedFolder.open(folder);
        LanguageModel model = new LanguageModel(pretrained.config(), 1);
        pretrained.loadInto(model);
        return model;
    }

    private static GoldenModel expected(Path folder) {
        return GoldenModel.read(folder, "expected");
    }

    @Test
    void thereIsOneOfEachFamily() throws IOException {
        assertEquals(
                List.of(ModelFamily.values()),
                folders().stream()
                        .map(folder -> PretrainedFolder.open(folder).config().family())
                        .distinct()
                        .sorted()
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("folders")
    void givesTheLogitsOfTransformers(Path folder) {
        GoldenModel golden = expected(folder);
        try (LanguageModel model = model(folder)) {
            double difference = GoldenModel.difference(model.logits(golden.tensor("ids")), golden.tensor("logits"));
            assertTrue(difference < TOLERANCE, "logits differ by " + difference);
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void givesTheLogitsOfTransformersTokenByToken(Path folder) {
        GoldenModel golden = expected(folder);
        Tensor ids = golden.tensor("ids");
        try (LanguageModel model = model(folder);
                KeyValueCache cache = new KeyValueCache(model.config(), 64)) {
            model.decode(ids.narrow(1, 0, 3), cache);
            for (int i = 3; i < ids.size(1); i++) {
                Tensor logits = model.decode(ids.narrow(1, i, 1), cache);
                double difference =
                        GoldenModel.difference(logits, golden.tensor("logits").select(1, i));
                assertTrue(difference < TOLERANCE, "logits of token " + i + " differ by " + difference);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void givesTheGradientsOfTransformers(Path folder) {
        GoldenModel golden = expected(folder);
        try (LanguageModel model = model(folder)) {
            double sum = backward(golden, model, 1);
            assertEquals(golden.numbers().get("lossSum").asDouble(), sum, TOLERANCE * sum);
            Map<String, Tensor> gradients = model.named(Tensor::grad);
            assertEquals(
                    golden.tensors().keySet().stream()
                            .filter(name -> name.startsWith("gradient."))
                            .count(),
                    gradients.size());
            gradients.forEach((name, gradient) -> {
                double difference = GoldenModel.relativeDifference(gradient, golden.tensor("gradient." + name));
                assertTrue(difference < TOLERANCE, name + " differs by " + difference);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void losesAsTransformersInTenStepsOfAdamW(Path folder) {
        GoldenModel golden = expected(folder);
        double counted = golden.numbers().get("counted").asDouble();
        try (LanguageModel model = model(folder);
                AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT)) {
            for (JsonNode loss : golden.numbers().get("losses")) {
                optimizer.gradients().zero();
                assertEquals(loss.asDouble(), backward(golden, model, 1 / counted) / counted, TOLERANCE);
                optimizer.step(LEARNING_RATE);
            }
        }
    }

    private static double backward(GoldenModel golden, LanguageModel model, double scale) {
        try (LanguageModel.Loss loss = model.forward(golden.tensor("ids"), golden.tensor("targets"), scale)) {
            loss.backward();
            return loss.sum();
        }
    }
}
