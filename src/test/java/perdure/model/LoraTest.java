package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.device.LivePointers;
import perdure.device.LoadedNatives;

@ExtendWith(LoadedNatives.class)
class LoraTest {

    private static final ModelConfig CONFIG = TestConfigs.INPUT_BIAS;
    private static final LoraConfig LORA = new LoraConfig(3, 6, 0.3, LoraConfig.ALL_LINEAR, false);

    /** Of cross entropy's reductions. */
    private static final long SUM = 2;

    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor ids() {
        return torch.tensor(3L, 1L, 4L, 1L, 5L, 9L, 2L, 6L, 5L, 3L).view(2, 5); // (B, T)
    }

    /** A base with biases and norms that are not those of the beginning. */
    private static LanguageModel base() {
        LanguageModel base = new LanguageModel(CONFIG, 1);
        torch.manual_seed(4);
        base.vectors().forEach(vector -> vector.detach().add_(torch.randn_like(vector), new Scalar(0.3)));
        return base;
    }

    /** The base with adapters that change it, if {@code large}, else with new ones. */
    private static LanguageModel adapted(LoraConfig lora, boolean large) {
        LanguageModel model = new LanguageModel(CONFIG, lora, 2);
        try (LanguageModel base = base()) {
            Map<String, Tensor> weights = model.namedTensors();
            base.namedTensors().forEach((name, weight) -> weights.get(name).copy_(weight));
        }
        if (large) {
            torch.manual_seed(6);
            model.matrices().forEach(matrix -> matrix.detach().normal_().mul_(new Scalar(0.2)));
        }
        model.train(false);
        return model;
    }

    private static Map<String, Tensor> copies(Map<String, Tensor> tensors) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> copies.put(name, tensor.detach().clone()));
        return copies;
    }

    private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, tensor) -> assertTrue(torch.equal(tensor, actual.get(name)), name));
    }

    @Test
    void beginsAsTheBase() {
        try (LanguageModel base = base();
                LanguageModel model = adapted(LORA, false)) {
            assertTrue(torch.equal(base.logits(ids()), model.logits(ids())));
            model.named(tensor -> tensor).forEach((name, matrix) -> {
                if (name.endsWith("lora_B.weight")) {
                    assertEquals(0, matrix.abs().max().item_double(), name);
                } else {
                    double bound = 1 / Math.sqrt(matrix.size(1));
                    double largest = matrix.abs().max().item_double();
                    assertTrue(largest <= bound && largest > bound * 0.8, name + " up to " + largest);
                }
            });
        }
    }

    @Test
    void beginsFromTheSeedAlone() {
        try (LanguageModel first = new LanguageModel(CONFIG, LORA, 7);
                LanguageModel same = new LanguageModel(CONFIG, LORA, 7);
                LanguageModel other = new LanguageModel(CONFIG, LORA, 8)) {
            assertSame(first.namedTrained(), same.namedTrained());
            assertFalse(torch.equal(first.matrices().get(0), other.matrices().get(0)));
        }
    }

    @Test
    void onlyTheAdaptersOfTheTargetsAreTrained() {
        try (LanguageModel model = adapted(LORA.targets("v_proj, q_proj"), false)) {
            String layer = "base_model.model.model.layers.0.self_attn.";
            Map<String, Tensor> trained = model.namedTrained();
            assertEquals(2 * 2 * CONFIG.layers(), trained.size());
            assertEquals(
                    Set.of(
                            layer + "q_proj.lora_A.weight",
                            layer + "q_proj.lora_B.weight",
                            layer + "v_proj.lora_A.weight",
                            layer + "v_proj.lora_B.weight"),
                    Set.copyOf(trained.keySet().stream()
                            .filter(name -> name.startsWith(layer))
                            .toList()));
            assertEquals(List.of(), model.vectors());
            assertEquals(trained.values().stream().mapToLong(Tensor::numel).sum(), model.trainedCount());
            Map<String, List<Long>> shapes = new LinkedHashMap<>();
            trained.forEach((name, matrix) -> shapes.put(name, List.of(matrix.size(0), matrix.size(1))));
            assertEquals(shapes, model.lora().tensorShapes(CONFIG));
            assertTrue(model.trainedCount() < CONFIG.parameterCount() / 4);
        }
    }

    /** Which draws the same values to be dropped. */
    @ParameterizedTest
    @ValueSource(strings = {"all-linear", "q_proj,v_proj", "k_proj,up_proj", "down_proj"})
    void givesTheGradientsOfAutograd(String targets) {
        try (LanguageModel model = adapted(LORA.targets(targets), true)) {
            model.dropout(0.2);
            model.train(true);
            torch.manual_seed(5);
            Tensor expectedLoss = torch.cross_entropy_loss(
                    model.logits(ids()).flatten(0, 1), ids().flatten(), new TensorOptional(), SUM, -100, 0.0);
            expectedLoss.backward();
            Map<String, Tensor> expected = model.named(matrix -> matrix.grad().clone());
            model.matrices().forEach(matrix -> matrix.mutable_grad().reset());

            torch.manual_seed(5);
            try (LanguageModel.Loss loss = model.forward(ids(), ids(), 1)) {
                assertEquals(expectedLoss.item_double(), loss.sum(), 1e-4);
                loss.backward();
            }
            model.named(Tensor::grad)
                    .forEach((name, gradient) ->
                            assertTrue(GoldenModel.relativeDifference(gradient, expected.get(name)) < 1e-4, name));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theBaseHasNoGradientAndKeepsItsBytes(boolean recompute) {
        try (LanguageModel model = adapted(LORA, true)) {
            model.recompute(recompute);
            Map<String, Tensor> before = copies(model.namedTensors());
            model.train(true);
            try (LanguageModel.Loss loss = model.forward(ids(), ids(), new int[] {0, 4, 5}, 1)) {
                loss.backward();
            }
            model.matrices().forEach(matrix -> matrix.detach().sub_(matrix.grad()));
            assertSame(before, model.namedTensors());
            long gradients = 0;
            for (Tensor parameter : model.parameters().get()) {
                gradients += parameter.grad().defined() ? 1 : 0;
            }
            assertEquals(model.matrices().size(), gradients);
        }
    }

    @Test
    void recomputingGivesTheSameBytes() {
        assertSame(gradients(false), gradients(true));
    }

    private static Map<String, Tensor> gradients(boolean recompute) {
        try (LanguageModel model = adapted(LORA, true)) {
            model.recompute(recompute);
            model.train(true);
            torch.manual_seed(5);
            try (LanguageModel.Loss loss = model.forward(ids(), ids(), 1)) {
                loss.backward();
            }
            return model.named(matrix -> matrix.grad().clone());
        }
    }

    @Test
    void dropsOnlyWhileTraining() {
        try (LanguageModel model = adapted(LORA, true)) {
            Tensor plain = model.logits(ids());
            assertTrue(torch.equal(plain, model.logits(ids())));
            model.train(true);
            assertFalse(torch.equal(plain, model.logits(ids())));
        }
    }

    @Test
    void mergedItIsAPlainModel() {
        try (LanguageModel model = adapted(LORA, true);
                LanguageModel merged = base()) {
            LORA.merge(merged.namedTensors(), model.namedTrained());
            assertEquals(
                    0, merged.logits(ids()).sub(model.logits(ids())).abs().max().item_double(), 1e-5);
            try (LanguageModel base = base()) {
                assertFalse(torch.equal(base.logits(ids()), model.logits(ids())));
            }
        }
    }

    @Test
    void theBaseMayBeHeldInHalfTheMemory() {
        try (LanguageModel exact = adapted(LORA.dropout(0), true);
                LanguageModel half = adapted(LORA.dropout(0).bf16Base(true), true)) {
            half.namedTensors().forEach((name, weight) -> {
                boolean matrix = weight.dim() == 2;
                assertEquals(
                        matrix ? ScalarType.BFloat16 : ScalarType.Float,
                        weight.scalar_type().intern(),
                        name);
            });
            try (LanguageModel rounded = adapted(LORA.dropout(0), true)) {
                Map<String, Tensor> weights = rounded.namedTensors();
                half.namedTensors().forEach((name, weight) -> weights.get(name).copy_(weight));
                assertEquals(rounded.lossSum(ids(), ids()), half.lossSum(ids(), ids()));
            }
            double expected;
            Map<String, Tensor> gradients;
            try (LanguageModel.Loss loss = exact.forward(ids(), ids(), 1)) {
                expected = loss.sum();
                loss.backward();
                gradients = exact.named(Tensor::grad);
            }
            try (LanguageModel.Loss loss = half.forward(ids(), ids(), 1)) {
                assertEquals(expected, loss.sum(), 0.02 * expected);
                loss.backward();
            }
            half.named(Tensor::grad).forEach((name, gradient) -> {
                assertEquals(ScalarType.Float, gradient.scalar_type().intern());
                assertTrue(GoldenModel.relativeDifference(gradient, gradients.get(name)) < 0.2, name);
            });
        }
    }

    /** Of as many rows as oneDNN multiplies, whose result must outlive the converted weight. */
    @Test
    void aBaseInHalfTheMemoryComputesAsItsRoundedWeights() {
        try (LanguageModel half = adapted(LORA.bf16Base(true), true);
                LanguageModel rounded = adapted(LORA, true)) {
            Map<String, Tensor> weights = rounded.namedTensors();
            half.namedTensors().forEach((name, weight) -> weights.get(name).copy_(weight));
            Tensor many = torch.arange(new Scalar(48)).view(3, 16);
            for (LanguageModel model : List.of(half, rounded)) {
                model.recompute(true);
                model.train(true);
                torch.manual_seed(5);
                try (LanguageModel.Loss loss = model.forward(many, many, 1)) {
                    loss.backward();
                }
            }
            assertSame(rounded.named(Tensor::grad), half.named(Tensor::grad));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void learnsInBf16WithFloat32Gradients(boolean bf16Base) {
        try (LanguageModel model = adapted(LORA.bf16Base(bf16Base), true)) {
            double exact = model.lossSum(ids(), ids());
            model.multiplyInBf16(true);
            LanguageModel.Loss loss = model.forward(ids(), ids(), 1);
            loss.backward();
            assertEquals(exact, loss.sum(), 0.03 * exact);
            model.named(Tensor::grad)
                    .forEach((name, gradient) -> assertEquals(
                            ScalarType.Float, gradient.scalar_type().intern(), name));
        }
    }

    /** Of as many rows as bf16 takes. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withProductsInBf16TheGradientsDifferByRoundingAlone(boolean bf16Base) {
        ModelConfig wide = CONFIG.withHiddenSize(64);
        LoraConfig lora = LORA.bf16Base(bf16Base).dropout(0);
        Tensor many = torch.randint(50, new long[] {64, 16}, new TensorOptions(ScalarType.Long)); // (B, T)
        try (LanguageModel base = new LanguageModel(wide, 1);
                LanguageModel model = new LanguageModel(wide, lora, 2)) {
            Map<String, Tensor> weights = model.namedTensors();
            base.namedTensors().forEach((name, weight) -> weights.get(name).copy_(weight));
            model.matrices().forEach(matrix -> matrix.detach().normal_().mul_(new Scalar(0.1)));
            Map<String, Tensor> expected = null;
            for (boolean bf16 : new boolean[] {false, true}) {
                model.multiplyInBf16(bf16);
                try (LanguageModel.Loss loss = model.forward(many, many, 1)) {
                    loss.backward();
                }
                Map<String, Tensor> gradients = copies(model.named(Tensor::grad));
                model.matrices().forEach(matrix -> matrix.mutable_grad().reset());
                if (bf16) {
                    for (String name : gradients.keySet()) {
                        assertEquals(
                                ScalarType.Float,
                                gradients.get(name).scalar_type().intern());
                        double difference = GoldenModel.relativeDifference(gradients.get(name), expected.get(name));
                        assertTrue(difference > 0 && difference < 0.05, name + " differs by " + difference);
                    }
                }
                expected = gradients;
            }
        }
    }

    @Test
    void leavesNoPointersBehind() {
        try (LanguageModel model = adapted(LORA, true)) {
            model.train(true);
            long before = 0;
            for (int step = 0; step < 5; step++) {
                before = step == 2 ? LivePointers.settled() : before;
                try (PointerScope inner = new PointerScope();
                        LanguageModel.Loss loss = model.forward(ids(), ids(), 1)) {
                    loss.backward();
                    model.matrices().forEach(matrix -> matrix.mutable_grad().reset());
                }
            }
            LivePointers.assertNoMoreThan(before, "after three steps");
        }
    }

    @Test
    void refusesWhatCannotBe() {
        assertThrows(IllegalArgumentException.class, () -> LORA.rank(0));
        assertThrows(IllegalArgumentException.class, () -> LORA.alpha(0));
        assertThrows(IllegalArgumentException.class, () -> LORA.dropout(1));
        assertThrows(IllegalArgumentException.class, () -> LORA.targets(""));
        String message = assertThrows(IllegalArgumentException.class, () -> LORA.targets("q_proj,query"))
                .getMessage();
        assertTrue(message.contains("\"query\"") && message.contains("q_proj, k_proj, v_proj"), message);
    }
}
