package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.device.DeviceMigrator;
import perdure.device.Devices;
import perdure.device.LivePointers;
import perdure.device.LoadedNatives;

@ExtendWith(LoadedNatives.class)
class LanguageModelTest {

    private static final ModelConfig CONFIG = TestConfigs.GROUPED_QUERY;

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
        return torch.tensor(3L, 1L, 4L, 1L, 5L, 9L).view(2, 3); // (B, T)
    }

    @Test
    void startsFromTheSeedAlone() {
        torch.manual_seed(1);
        try (LanguageModel first = new LanguageModel(CONFIG, 7);
                LanguageModel same = new LanguageModel(CONFIG, 7);
                LanguageModel other = new LanguageModel(CONFIG, 8)) {
            assertTrue(torch.equal(first.logits(ids()), same.logits(ids())));
            assertFalse(torch.equal(first.logits(ids()), other.logits(ids())));
        }
    }

    @Test
    void oneThatIsYetToBeSetHasTheSameTensors() {
        LoraConfig lora = new LoraConfig(2, 4, 0, LoraConfig.ALL_LINEAR, false);
        for (LoraConfig adapters : Arrays.asList(null, lora)) {
            try (LanguageModel drawn = new LanguageModel(CONFIG, adapters, 7);
                    LanguageModel unset = LanguageModel.unset(CONFIG, adapters);
                    PointerScope scope = new PointerScope()) {
                drawn.namedTensors()
                        .forEach(
                                (name, tensor) -> unset.namedTensors().get(name).copy_(tensor));
                drawn.namedTrained()
                        .forEach(
                                (name, tensor) -> unset.namedTrained().get(name).copy_(tensor));
                assertEquals(drawn.namedTrained().keySet(), unset.namedTrained().keySet());
                assertTrue(torch.equal(drawn.logits(ids()), unset.logits(ids())));
            }
        }
    }

    @Test
    void leavesTheDefaultGeneratorAlone() {
        torch.manual_seed(1);
        double expected = torch.rand(1).item_double();
        torch.manual_seed(1);
        new LanguageModel(CONFIG, 7).close();
        assertEquals(expected, torch.rand(1).item_double());
    }

    @Test
    void scalesTheMatricesThatWriteToTheResidualStream() {
        ModelConfig wide =
                CONFIG.withHiddenSize(128).withHeads(4, 4).withLayers(8).withIntermediateSize(256);
        try (LanguageModel model = new LanguageModel(wide, 1)) {
            Tensor query = model.namedTensors().get("model.layers.3.self_attn.q_proj.weight");
            Tensor down = model.namedTensors().get("model.layers.3.mlp.down_proj.weight");
            assertEquals(1 / Math.sqrt(128), query.std().item_double(), 0.004);
            assertEquals(1 / Math.sqrt(128) / 4, down.std().item_double(), 0.001);
        }
    }

    @Test
    void hasAsManyValuesAsItsConfigurationSays() {
        for (ModelConfig config :
                List.of(CONFIG, CONFIG.withTiedEmbeddings(true), TestConfigs.INPUT_BIAS, TestConfigs.EVERYTHING)) {
            try (LanguageModel model = new LanguageModel(config, 1)) {
                long trained = count(model.matrices()) + count(model.vectors());
                assertEquals(model.config().parameterCount(), trained);
                assertEquals(trained, count(List.copyOf(model.namedTensors().values())));
                assertEquals(trained, count(List.of(model.parameters().get())));
                Map<String, List<Long>> shapes = new HashMap<>();
                model.namedTensors()
                        .forEach((name, tensor) -> shapes.put(
                                name,
                                Arrays.stream(tensor.sizes().vec().get())
                                        .boxed()
                                        .toList()));
                assertEquals(shapes, config.tensorShapes());
            }
        }
    }

    @Test
    void hasTheBiasesOfTheConfigurationAsVectorsOfZeros() {
        try (LanguageModel without = new LanguageModel(CONFIG, 1);
                LanguageModel model = new LanguageModel(TestConfigs.INPUT_BIAS, 1)) {
            Map<String, Tensor> biases = model.namedTensors();
            biases.keySet().removeAll(without.namedTensors().keySet());
            Set<String> expected = new HashSet<>();
            for (int layer = 0; layer < CONFIG.layers(); layer++) {
                for (String projection : List.of("q_proj", "k_proj", "v_proj")) {
                    expected.add("model.layers." + layer + ".self_attn." + projection + ".bias");
                }
            }
            assertEquals(expected, biases.keySet());
            assertEquals(count(List.copyOf(biases.values())), count(model.vectors()) - count(without.vectors()));
            assertTrue(torch.equal(without.logits(ids()), model.logits(ids())));
            biases.forEach((name, bias) -> {
                bias.normal_();
                assertFalse(torch.equal(without.logits(ids()), model.logits(ids())), name);
                bias.zero_();
            });
        }
    }

    private static long count(List<Tensor> tensors) {
        return tensors.stream().mapToLong(Tensor::numel).sum();
    }

    /** Logits of variance one cost half a nat more than a guess that knows nothing. */
    @Test
    void startsNearTheLossOfAGuess() {
        ModelConfig untied = CONFIG.withHiddenSize(128)
                .withHeads(4, 4)
                .withIntermediateSize(256)
                .withContext(64);
        try (LanguageModel model = new LanguageModel(untied, 1)) {
            torch.manual_seed(1);
            Tensor ids = torch.randint(50, new long[] {8, 64}, new TensorOptions(ScalarType.Long));
            Tensor targets = torch.randint(50, new long[] {8, 64}, new TensorOptions(ScalarType.Long));
            assertEquals(Math.log(50) + 0.5, model.lossSum(ids, targets) / (8 * 64), 0.15);
        }
    }

    @Test
    void doesNotCountTargetsOfMinusHundred() {
        try (LanguageModel model = new LanguageModel(CONFIG, 1)) {
            Tensor targets = ids();
            double first = model.lossSum(ids().narrow(0, 0, 1), targets.narrow(0, 0, 1));
            targets.narrow(0, 1, 1).fill_(new Scalar(-100));
            assertEquals(first, model.lossSum(ids(), targets), 1e-5);
        }
    }

    @Test
    void seesNoTokenThatIsYetToCome() {
        try (LanguageModel model = new LanguageModel(CONFIG, 1)) {
            Tensor shorter = model.logits(ids().narrow(1, 0, 2));
            Tensor longer = model.logits(ids()).narrow(1, 0, 2);
            assertEquals(0, longer.sub(shorter).abs().max().item_double(), 1e-5);
        }
    }

    @Test
    void dropsOnlyWhileTraining() {
        try (LanguageModel model = new LanguageModel(CONFIG, 1)) {
            Tensor plain = model.logits(ids());
            model.dropout(0.5);
            model.train(true);
            assertFalse(torch.equal(plain, model.logits(ids())));
            model.train(false);
            assertTrue(torch.equal(plain, model.logits(ids())));
            assertThrows(IllegalArgumentException.class, () -> model.dropout(1.0));
        }
    }

    @Test
    void outlivesTheScopeThatItWasMadeIn() {
        LanguageModel model;
        try (PointerScope inner = new PointerScope()) {
            model = new LanguageModel(CONFIG, 1);
        }
        try (model) {
            assertEquals(50, model.logits(ids()).size(2));
        }
    }

    /** Which draws the same values to be dropped. */
    @ParameterizedTest
    @MethodSource("perdure.model.TestConfigs#all")
    void givesTheGradientsOfAutograd(ModelConfig config) {
        try (LanguageModel model = new LanguageModel(config, 1)) {
            torch.manual_seed(4);
            model.vectors().forEach(vector -> vector.detach().add_(torch.randn_like(vector), new Scalar(0.5)));
            model.dropout(0.3);
            model.train(true);
            torch.manual_seed(5);
            Tensor expectedLoss = torch.cross_entropy_loss(
                    model.logits(ids()).flatten(0, 1), ids().flatten(), new TensorOptional(), SUM, -100, 0.0);
            expectedLoss.backward();
            Map<String, Tensor> expected = model.named(weight -> weight.grad().clone());
            Stream.of(model.matrices(), model.vectors()).flatMap(List::stream).forEach(weight -> weight.mutable_grad()
                    .reset());

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

    @Test
    void freesWhatNoBackwardPassHasUsed() {
        try (LanguageModel model = new LanguageModel(CONFIG, 1)) {
            model.forward(ids(), ids(), 1).close();
            long before = LivePointers.settled();
            try (PointerScope inner = new PointerScope();
                    LanguageModel.Loss loss = model.forward(ids(), ids(), 1)) {
                assertTrue(Pointer.totalCount() > before + 20);
            }
            LivePointers.assertNoMoreThan(before, "after a pass");
        }
    }

    @ParameterizedTest
    @MethodSource("perdure.model.TestConfigs#all")
    void learnsInBf16WithFloat32Gradients(ModelConfig config) {
        try (LanguageModel model = new LanguageModel(config, 1)) {
            double exact = model.lossSum(ids(), ids());
            model.multiplyInBf16(true);
            LanguageModel.Loss loss = model.forward(ids(), ids(), 1);
            loss.backward();
            assertEquals(exact, loss.sum(), 0.05);
            model.named(Tensor::grad)
                    .forEach((name, gradient) -> assertEquals(
                            ScalarType.Float, gradient.scalar_type().intern(), name));
        }
    }

    /** Enough tokens for every product to be one that bf16 takes. */
    private static Tensor manyIds() {
        torch.manual_seed(4);
        return torch.randint(50, new long[] {64, 16}, new TensorOptions(ScalarType.Long)); // (B, T)
    }

    private static int[] twoInEachRow() {
        return IntStream.range(0, 128)
                .map(document -> document / 2 * 16 + document % 2 * (3 + document % 7))
                .toArray();
    }

    private record Pass(double loss, Map<String, Tensor> gradients) {}

    private static Pass pass(LanguageModel model, int[] documents) {
        Tensor ids = manyIds();
        torch.manual_seed(5);
        try (LanguageModel.Loss loss = model.forward(ids, ids, documents, 1)) {
            loss.backward();
            Map<String, Tensor> gradients = new LinkedHashMap<>();
            model.named(Tensor::grad).forEach((name, gradient) -> gradients.put(name, gradient.clone()));
            Stream.of(model.matrices(), model.vectors()).flatMap(List::stream).forEach(weight -> weight.mutable_grad()
                    .reset());
            return new Pass(loss.sum(), gradients);
        }
    }

    @ParameterizedTest
    @MethodSource("perdure.model.TestConfigs#all")
    void withProductsInBf16LossAndGradientsDifferByRoundingAlone(ModelConfig small) {
        ModelConfig config = small.withHiddenSize(64);
        for (boolean tied : new boolean[] {false, true}) {
            try (LanguageModel model = new LanguageModel(config.withTiedEmbeddings(tied), 1)) {
                model.train(false);
                for (int[] documents : new int[][] {null, twoInEachRow()}) {
                    Pass expected = pass(model, documents);
                    model.multiplyInBf16(true);
                    Pass actual = pass(model, documents);
                    double withoutTape = model.lossSum(manyIds(), manyIds(), documents);
                    model.multiplyInBf16(false);
                    assertEquals(expected.loss, actual.loss, 5e-3 * expected.loss);
                    assertNotEquals(expected.loss, actual.loss);
                    assertEquals(actual.loss, withoutTape, 1e-3 * actual.loss);
                    actual.gradients.forEach((name, gradient) -> {
                        assertEquals(ScalarType.Float, gradient.scalar_type().intern(), name);
                        double difference = GoldenModel.relativeDifference(gradient, expected.gradients.get(name));
                        assertTrue(difference > 0 && difference < 0.05, name + " differs by " + difference);
                    });
                }
            }
        }
    }

    @Test
    void inBf16TooComputingTheLayersAgainGivesTheSameBytes() {
        try (LanguageModel model = new LanguageModel(TestConfigs.EVERYTHING.withHiddenSize(64), 1)) {
            model.multiplyInBf16(true);
            model.dropout(0.2);
            model.train(true);
            Pass kept = pass(model, null);
            model.recompute(true);
            Pass again = pass(model, null);
            assertEquals(kept.loss, again.loss);
            kept.gradients.forEach(
                    (name, gradient) -> assertTrue(torch.equal(gradient, again.gradients.get(name)), name));
        }
    }

    @Test
    void inBf16TooNoPointersAreLeftBehind() {
        try (LanguageModel model = new LanguageModel(TestConfigs.EVERYTHING.withHiddenSize(64), 1)) {
            model.multiplyInBf16(true);
            long before = 0;
            for (int step = 0; step < 5; step++) {
                before = step == 2 ? LivePointers.settled() : before;
                try (PointerScope inner = new PointerScope()) {
                    pass(model, null);
                    for (int copy = 0; copy < model.copies(); copy++) {
                        model.renewCopy(copy);
                    }
                }
            }
            LivePointers.assertNoMoreThan(before, "after three steps");
        }
    }

    @ParameterizedTest
    @MethodSource("perdure.model.TestConfigs#all")
    @Tag("gpu")
    void givesTheLossAndTheNamedGradientsOfTheCpuOnAGpu(ModelConfig config) {
        assumeTrue(Devices.cudaAvailable(), "no CUDA device");
        givesTheSameOnAGpu(config, false, null, 1e-3);
        givesTheSameOnAGpu(config.withHiddenSize(64), false, null, 1e-3);
        givesTheSameOnAGpu(config.withHiddenSize(64), false, twoInEachRow(), 1e-3);
        givesTheSameOnAGpu(config.withHiddenSize(64), true, null, 5e-2);
        givesTheSameOnAGpu(config.withHiddenSize(64), true, twoInEachRow(), 5e-2);
    }

    /** The mathematical kernel takes several times as long, and memory for all attention weights. */
    @Test
    @Tag("gpu")
    void attentionInBf16OnAGpuIsFlashAttention() {
        assumeTrue(Devices.cudaAvailable(), "no CUDA device");
        long flash = 1; // of c10's SDPBackend
        try (BoxedOperator choice = new BoxedOperator("aten::_fused_sdp_choice", "")) {
            Tensor queries = torch.ones(2, 8, 128, 64).to(Devices.resolve("cuda"), ScalarType.BFloat16);
            for (long groups : new long[] {8, 2}) {
                IValue keys = new IValue(queries.narrow(1, 0, groups).set_requires_grad(true));
                long chosen = choice.call(
                                new IValue(queries.set_requires_grad(true)),
                                keys,
                                keys,
                                new IValue(),
                                new IValue(0.0),
                                new IValue(true),
                                new IValue(),
                                new IValue(groups < 8))
                        .get(0)
                        .toInt();
                assertEquals(flash, chosen, groups + " groups");
            }
        }
    }

    private static void givesTheSameOnAGpu(ModelConfig config, boolean bf16, int[] documents, double tolerance) {
        try (LanguageModel onCpu = new LanguageModel(config, 1);
                LanguageModel onGpu = new LanguageModel(config, 1)) {
            Device gpu = Devices.resolve("cuda");
            DeviceMigrator.ensure(onGpu, gpu);
            onGpu.multiplyInBf16(bf16);
            LanguageModel.Loss expected = onCpu.forward(manyIds(), manyIds(), documents, 1);
            Tensor ids = manyIds().to(gpu, ScalarType.Long);
            LanguageModel.Loss actual = onGpu.forward(ids, ids, documents, 1);
            assertEquals(1, actual.sum() / expected.sum(), tolerance);
            assertEquals(1, onGpu.lossSum(ids, ids, documents) / expected.sum(), tolerance);
            expected.backward();
            actual.backward();
            Map<String, Tensor> gradients = onCpu.named(Tensor::grad);
            onGpu.named(Tensor::grad).forEach((name, gradient) -> {
                Tensor moved = gradient.to(new Device("cpu"), ScalarType.Float);
                double difference = GoldenModel.relativeDifference(moved, gradients.get(name));
                assertTrue(difference < tolerance, name + ": " + difference + " " + config + bf16);
            });
        }
    }
}
