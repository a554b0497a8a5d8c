package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.device.LivePointers;
import perdure.device.LoadedNatives;
import perdure.model.GoldenModel;
import perdure.model.LanguageModel;
import tools.jackson.databind.JsonNode;

@ExtendWith(LoadedNatives.class)
class AdamWTest {

    private static final double TOLERANCE = 1e-4;
    private static final double LEARNING_RATE = 1e-2;

    @ParameterizedTest
    @MethodSource("perdure.model.GoldenModel#names")
    void makesTheTenStepsOfTorch(String name) {
        try (PointerScope scope = new PointerScope()) {
            GoldenModel golden = GoldenModel.read(name);
            try (LanguageModel model = golden.model();
                    AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT)) {
                for (JsonNode expected : golden.numbers().get("losses")) {
                    assertEquals(expected.asDouble(), step(golden, model, optimizer), TOLERANCE);
                }
                assertEquals(10, optimizer.steps());
                assertSame(golden, model.namedTensors());
                assertSame(golden, optimizer.namedMoments());
            }
        }
    }

    private static void assertSame(GoldenModel golden, Map<String, Tensor> tensors) {
        tensors.forEach((key, tensor) -> {
            double difference = GoldenModel.relativeDifference(tensor, golden.tensor("final." + key));
            assertTrue(difference < 10 * TOLERANCE, key + " differs by " + difference);
        });
    }

    @Test
    void resumesToTheBitFromItsMomentsAndItsStepCount() {
        try (PointerScope scope = new PointerScope()) {
            GoldenModel golden = GoldenModel.read("tied");
            try (LanguageModel model = golden.model();
                    LanguageModel copy = golden.model();
                    AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT);
                    AdamW resumed = new AdamW(copy, AdamW.Settings.DEFAULT)) {
                step(golden, model, optimizer);
                step(golden, model, optimizer);
                Map<String, Tensor> weights = model.namedTensors();
                copy.namedTensors().forEach((key, view) -> view.copy_(weights.get(key)));
                Map<String, Tensor> moments = optimizer.namedMoments();
                resumed.namedMoments().forEach((key, view) -> view.copy_(moments.get(key)));
                resumed.steps(optimizer.steps());
                step(golden, model, optimizer);
                step(golden, copy, resumed);
                assertEquals(3, resumed.steps());
                copy.namedTensors().forEach((key, view) -> assertTrue(torch.equal(view, weights.get(key)), key));
            }
        }
    }

    @Test
    void clipsToTheNormOfAllGradientsTogether() {
        try (PointerScope scope = new PointerScope()) {
            GoldenModel golden = GoldenModel.read("grouped-query");
            try (LanguageModel model = golden.model();
                    AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT)) {
                backward(golden, model, 1);
                double squares = model.named(Tensor::grad).values().stream()
                        .mapToDouble(gradient -> gradient.square().sum().item_double())
                        .sum();
                double norm = optimizer.gradients().clip(0.5);
                assertEquals(Math.sqrt(squares), norm, 1e-4 * norm);
                assertEquals(0.5, optimizer.gradients().clip(0.6), 1e-4);
                assertEquals(0.5, optimizer.gradients().clip(0.6), 1e-4);
            }
        }
    }

    @Test
    void returnsANormThatIsNotFiniteAndScalesNothing() {
        try (PointerScope scope = new PointerScope()) {
            GoldenModel golden = GoldenModel.read("tied");
            try (LanguageModel model = golden.model();
                    AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT)) {
                backward(golden, model, Double.NaN);
                assertTrue(Double.isNaN(optimizer.gradients().clip(1)));
            }
        }
    }

    @Test
    void refusesToStepWithoutGradients() {
        try (PointerScope scope = new PointerScope()) {
            try (LanguageModel model = GoldenModel.read("tied").model();
                    AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT)) {
                assertThrows(IllegalStateException.class, () -> optimizer.step(LEARNING_RATE));
                assertEquals(0, optimizer.steps());
            }
        }
    }

    @Test
    void refusesSettingsThatCannotBe() {
        assertThrows(IllegalArgumentException.class, () -> new AdamW.Settings(1, 0.95, 1e-8, 0.1, false));
        assertThrows(IllegalArgumentException.class, () -> new AdamW.Settings(0.9, -0.1, 1e-8, 0.1, false));
        assertThrows(IllegalArgumentException.class, () -> new AdamW.Settings(0.9, 0.95, 0, 0.1, false));
        assertThrows(IllegalArgumentException.class, () -> new AdamW.Settings(0.9, 0.95, 1e-8, Double.NaN, false));
    }

    @Test
    void leavesNoNativeObjectBehind() {
        long before = LivePointers.settled();
        try (PointerScope outer = new PointerScope()) {
            GoldenModel golden = GoldenModel.read("grouped-query");
            try (LanguageModel model = golden.model();
                    AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT)) {
                scopedStep(golden, model, optimizer);
                long afterOne = LivePointers.settled();
                for (int i = 0; i < 20; i++) {
                    scopedStep(golden, model, optimizer);
                }
                LivePointers.assertNoMoreThan(afterOne, "after 21 steps and after one");
            }
        }
        LivePointers.assertNoMoreThan(before, "after closing and before");
    }

    private static void scopedStep(GoldenModel golden, LanguageModel model, AdamW optimizer) {
        try (PointerScope scope = new PointerScope()) {
            step(golden, model, optimizer);
            optimizer.gradients().clip(1);
        }
    }

    /** Takes one step on the mean of the token losses, and returns that mean. */
    private static double step(GoldenModel golden, LanguageModel model, AdamW optimizer) {
        optimizer.gradients().zero();
        double loss = backward(golden, model, 1);
        optimizer.step(LEARNING_RATE);
        return loss;
    }

    /** Adds {@code scale} times the gradients of the mean of the token losses, and returns that mean. */
    private static double backward(GoldenModel golden, LanguageModel model, double scale) {
        double counted = golden.numbers().get("counted").asDouble();
        LanguageModel.Loss loss = model.forward(golden.tensor("ids"), golden.tensor("targets"), scale / counted);
        loss.backward();
        return loss.sum() / counted;
    }
}
