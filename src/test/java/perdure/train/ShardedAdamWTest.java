package perdure.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import perdure.device.LivePointers;
import perdure.device.LoadedNatives;
import perdure.distributed.Workers;
import perdure.model.GoldenModel;
import perdure.model.LanguageModel;
import perdure.model.LoraConfig;

/** The ranks are threads of this process. Small buckets have one weight each, and pieces without any. */
@Timeout(240)
@ExtendWith(LoadedNatives.class)
class ShardedAdamWTest {

    private static final double LEARNING_RATE = 1e-2;
    private static final int LEAVES = 4;
    private static final int STEPS = 5;
    private static final long ALL_IN_ONE = 25_000_000;
    private static final long SMALL = 300;

    /** A model that one rank trains. */
    private static final class Training implements AutoCloseable {
        private final GoldenModel golden;
        private final Workers workers;
        private final LanguageModel model;
        private final Optimizer optimizer;

        /** @param like a golden model; with {@code lora} only adapters of it are trained */
        Training(String like, boolean lora, boolean sharded, Lanes lanes, Workers workers) {
            this.workers = workers;
            golden = GoldenModel.read(like);
            model = lora
                    ? new LanguageModel(golden.config(), new LoraConfig(3, 6, 0, LoraConfig.ALL_LINEAR, false), 7)
                    : golden.model();
            if (lora) {
                model.namedTensors().forEach((name, view) -> view.copy_(golden.tensor("weight." + name)));
            }
            optimizer = sharded
                    ? new ShardedAdamW(model, AdamW.Settings.DEFAULT, lanes, workers)
                    : new AdamW(model, AdamW.Settings.DEFAULT, lanes, workers);
        }

        Training(boolean sharded, Workers workers) {
            this("grouped-query", false, sharded, Lanes.one(), workers);
        }

        /** Computes this rank's leaves, whose gradients have different sizes. Returns the norm of their sum. */
        double backward(double factor) {
            int each = LEAVES / workers.world();
            int first = workers.rank() * each;
            GradientTree tree = optimizer.gradients().tree();
            tree.begin(first, first + each);
            for (int leaf = first; leaf < first + each; leaf++) {
                try (PointerScope scope = new PointerScope()) {
                    double scale = factor
                            * (leaf + 1)
                            / golden.numbers().get("counted").asDouble();
                    model.forward(golden.tensor("ids"), golden.tensor("targets"), null, scale, tree.leaf(leaf, null))
                            .backward();
                }
            }
            tree.finish();
            return optimizer.gradients().clip(1);
        }

        Training steps(int count) {
            for (int step = 0; step < count; step++) {
                backward(1);
                optimizer.step(LEARNING_RATE);
                optimizer.gradients().zero();
            }
            return this;
        }

        /** Weights and moments by name. */
        Map<String, float[]> state() {
            Map<String, float[]> state = new LinkedHashMap<>();
            try (PointerScope scope = new PointerScope()) {
                model.namedTrained().forEach((name, tensor) -> state.put(name, values(tensor)));
                optimizer.saveMoments(moments -> moments.forEach((name, tensor) -> state.put(name, values(tensor))));
            }
            return state;
        }

        @Override
        public void close() {
            optimizer.close();
            model.close();
        }
    }

    private static float[] values(Tensor tensor) {
        float[] values = new float[(int) tensor.numel()];
        new FloatPointer(tensor.contiguous().data_ptr_float()).get(values);
        return values;
    }

    private static Map<String, float[]> trained(String like, boolean lora, boolean sharded, Workers workers) {
        try (PointerScope scope = new PointerScope();
                Training training = new Training(like, lora, sharded, Lanes.one(), workers)) {
            return training.steps(STEPS).state();
        }
    }

    private static void assertSameBytes(Map<String, float[]> one, Map<String, float[]> other, String of) {
        assertEquals(one.keySet(), other.keySet());
        one.forEach((name, values) -> assertArrayEquals(values, other.get(name), name + " of " + of));
    }

    @ParameterizedTest
    @CsvSource({"grouped-query,false," + ALL_IN_ONE, "tied,false," + SMALL, "multi-head,true," + SMALL})
    void anyNumberOfRanksTakesTheStepsOfAdamWAndEndsWithTheSameBytes(String like, boolean lora, long bucketBytes)
            throws Exception {
        Map<String, float[]> whole = trained(like, lora, false, Workers.alone());
        Map<String, float[]> alone = RankThreads.run(1, bucketBytes, workers -> trained(like, lora, true, workers))
                .get(0);
        assertEquals(whole.keySet(), alone.keySet());
        whole.forEach((name, values) -> assertArrayEquals(values, alone.get(name), 1e-5f, name));
        for (int world : new int[] {2, 4}) {
            for (Map<String, float[]> state :
                    RankThreads.run(world, bucketBytes, workers -> trained(like, lora, true, workers))) {
                assertSameBytes(alone, state, world + " ranks");
            }
        }
    }

    @Test
    void itsThreadsMakeNoDifference() {
        try (PointerScope scope = new PointerScope();
                Lanes lanes = Lanes.of(2, 2);
                Training one = new Training(true, Workers.alone());
                Training two = new Training("grouped-query", false, true, lanes, Workers.alone())) {
            assertSameBytes(one.steps(STEPS).state(), two.steps(STEPS).state(), "2 threads");
        }
    }

    @Test
    void momentsThatWereSavedGoOnWithAnyNumberOfRanks() throws Exception {
        Map<String, float[]> saved = RankThreads.run(2, SMALL, workers -> {
                    try (PointerScope scope = new PointerScope();
                            Training training = new Training(true, workers)) {
                        return training.steps(3).state();
                    }
                })
                .get(1);
        Map<String, float[]> unbroken = RankThreads.run(
                        1, SMALL, workers -> trained("grouped-query", false, true, workers))
                .get(0);
        for (Map<String, float[]> state : RankThreads.run(4, SMALL, workers -> {
            try (PointerScope scope = new PointerScope();
                    Training training = new Training(true, workers)) {
                fill(training.model.namedTrained(), saved);
                training.optimizer.loadMoments(moments -> {
                    assertTrue(workers.isFirst());
                    fill(moments, saved);
                });
                training.optimizer.steps(3);
                return training.steps(STEPS - 3).state();
            }
        })) {
            assertSameBytes(unbroken, state, "ranks that went on");
        }
    }

    private static void fill(Map<String, Tensor> tensors, Map<String, float[]> values) {
        tensors.forEach((name, tensor) -> tensor.copy_(
                torch.tensor(values.get(name)).view(tensor.sizes().vec().get())));
    }

    @Test
    void aRankHasTheMomentsOfItsShareAlone() throws Exception {
        List<Long> sizes = RankThreads.run(4, ALL_IN_ONE, workers -> {
            try (PointerScope scope = new PointerScope();
                    LanguageModel model = GoldenModel.read("tied").model();
                    FlatGradients all = new FlatGradients(model.trained(), ALL_IN_ONE);
                    Shard shard = new Shard(all, workers.rank(), workers.world())) {
                assertEquals(4 * shard.size(), all.buckets().get(0).values().numel());
                return shard.slices().stream()
                        .flatMap(slice -> slice.pieces().stream())
                        .flatMap(piece -> piece.parts().stream())
                        .mapToLong(part -> part.values().numel())
                        .sum();
            }
        });
        try (PointerScope scope = new PointerScope();
                LanguageModel model = GoldenModel.read("tied").model()) {
            assertEquals(
                    model.trainedCount(),
                    sizes.stream().mapToLong(Long::longValue).sum());
        }
    }

    @Test
    void aNormThatIsNotFiniteIsTheSameOnAllRanksAndScalesNothing() throws Exception {
        RankThreads.run(2, SMALL, workers -> {
            try (PointerScope scope = new PointerScope();
                    Training training = new Training(true, workers)) {
                assertTrue(Double.isNaN(training.backward(workers.rank() == 1 ? Double.NaN : 1)));
                return 0;
            }
        });
    }

    @Test
    void refusesToStepWithoutGradients() {
        try (PointerScope scope = new PointerScope();
                Training training = new Training(true, Workers.alone())) {
            assertThrows(IllegalStateException.class, () -> training.optimizer.step(LEARNING_RATE));
            training.steps(1);
            assertThrows(IllegalStateException.class, () -> training.optimizer.step(LEARNING_RATE));
            assertThrows(
                    IllegalStateException.class,
                    () -> training.optimizer.gradients().clip(1));
            assertEquals(1, training.optimizer.steps());
        }
    }

    @Test
    void leavesNoNativeObjectBehind() {
        long before = LivePointers.settled();
        try (PointerScope outer = new PointerScope();
                Training training = new Training(true, Workers.alone())) {
            training.steps(1);
            long afterOne = LivePointers.settled();
            training.steps(20);
            try (PointerScope scope = new PointerScope()) {
                training.state();
            }
            LivePointers.assertNoMoreThan(afterOne, "after 21 steps and after one");
        }
        LivePointers.assertNoMoreThan(before, "after closing and before");
    }
}
