package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.device.LoadedNatives;

/** Same weights and tokens as transformers: same logits, same loss, same gradients by name. */
@ExtendWith(LoadedNatives.class)
class LanguageModelGoldenTest {

    private static final double TOLERANCE = 1e-4;

    @ParameterizedTest
    @MethodSource("perdure.model.GoldenModel#names")
    void hasTheNamesOfTransformers(String name) {
        try (PointerScope scope = new PointerScope()) {
            GoldenModel golden = GoldenModel.read(name);
            Set<String> expected = golden.tensors().keySet().stream()
                    .filter(key -> key.startsWith("weight."))
                    .map(key -> key.substring("weight.".length()))
                    .collect(Collectors.toSet());
            try (LanguageModel model = golden.model()) {
                assertEquals(expected, model.namedTensors().keySet());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("perdure.model.GoldenModel#names")
    void givesTheLogitsOfTransformers(String name) {
        try (PointerScope scope = new PointerScope()) {
            GoldenModel golden = GoldenModel.read(name);
            try (LanguageModel model = golden.model()) {
                Tensor logits = model.logits(golden.tensor("ids"));
                double difference = GoldenModel.difference(logits, golden.tensor("logits"));
                assertTrue(difference < TOLERANCE, "logits differ by " + difference);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("perdure.model.GoldenModel#names")
    void givesTheLossAndTheGradientsOfTransformers(String name) {
        try (PointerScope scope = new PointerScope()) {
            GoldenModel golden = GoldenModel.read(name);
            try (LanguageModel model = golden.model()) {
                double lossSum = golden.numbers().get("lossSum").asDouble();
                assertEquals(lossSum, model.lossSum(golden.tensor("ids"), golden.tensor("targets")), 1e-3);
                LanguageModel.Loss loss = model.forward(golden.tensor("ids"), golden.tensor("targets"), 1);
                assertEquals(lossSum, loss.sum(), 1e-3);
                loss.backward();
                Map<String, Tensor> gradients = model.named(Tensor::grad);
                gradients.forEach((key, gradient) -> {
                    double difference = GoldenModel.relativeDifference(gradient, golden.tensor("gradient." + key));
                    assertTrue(difference < TOLERANCE, key + " differs by " + difference);
                });
            }
        }
    }
}
