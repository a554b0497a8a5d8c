package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.data.Batch;
import perdure.data.MicroBatches;
import perdure.device.Devices;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.model.TestConfigs;

/** The bytes of a run depend on the number of leaves, and not on the threads that compute them. */
class LeavesTest {

    private static final int CONTEXT = 48;

    /** Large enough for every library to be chosen, and for weights to be cut for the update. */
    private static final ModelConfig SHAPE = ModelConfig.DEFAULT
            .withVocabularySize(300)
            .withHiddenSize(128)
            .withHeads(4, 2)
            .withLayers(2)
            .withIntermediateSize(320)
            .withContext(CONTEXT);

    @BeforeAll
    static void load() {
        NativeRuntime.load();
    }

    /** With everything that a published model may add: its parameters must have gradients of all leaves. */
    private static final ModelConfig EVERYTHING = SHAPE.withTiedEmbeddings(false)
            .withFeedForward(SHAPE.feedForward().withBias(true))
            .withAttention(TestConfigs.EVERYTHING.attention());

    private record Result(List<Float> weights, List<Double> losses) {}

    private static Batch batch(int seed, int rows, boolean packed) {
        SplittableRandom random = new SplittableRandom(seed);
        long[] ids = random.longs((long) rows * CONTEXT, 0, 300).toArray();
        long[] targets = random.longs((long) rows * CONTEXT, 0, 300).toArray();
        int[] documents = new int[2 * rows];
        for (int row = 0; row < rows; row++) {
            documents[2 * row] = row * CONTEXT;
            documents[2 * row + 1] = row * CONTEXT + 1 + random.nextInt(CONTEXT - 2);
        }
        return new Batch(ids, targets, packed ? documents : null, rows, CONTEXT, ids.length, ids.length);
    }

    private static Result train(int leaves, int threads, double dropout, boolean packed) {
        return train(SHAPE, leaves, threads, dropout, packed, Precision.FP32);
    }

    private static Result train(
            ModelConfig shape, int leaves, int threads, double dropout, boolean packed, Precision precision) {
        List<Double> losses = new ArrayList<>();
        List<Float> weights = new ArrayList<>();
        try (PointerScope scope = new PointerScope();
                LanguageModel model = new LanguageModel(shape, 1);
                Lanes lanes = Lanes.of(leaves, threads);
                AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT, lanes)) {
            Learner learner = new Learner(model, optimizer, Devices.resolve("cpu"), precision, lanes);
            model.dropout(dropout);
            for (int step = 0; step < 4; step++) {
                model.train(true);
                // The last batch of each step has fewer rows, and the last step fewer micro-batches.
                List<Batch> batches = step == 3
                        ? List.of(batch(step, 1, packed))
                        : List.of(batch(step, 5, packed), batch(10 + step, 3, packed));
                long tokens = batches.stream().mapToLong(Batch::tokens).sum();
                Trainer.step(learner, new MicroBatches(tokens, 2, batches), step, 1e-3, 1, () -> 0, part -> {});
                model.train(false);
                losses.add(learner.lossSum(batch(99, 5, packed)));
            }
            for (Tensor weight : model.namedTensors().values()) {
                float[] values = new float[(int) weight.numel()];
                weight.contiguous().data_ptr_float().get(values);
                for (float value : values) {
                    weights.add(value);
                }
            }
        }
        return new Result(weights, losses);
    }

    @Test
    void threadsMakeNoDifference() {
        for (int leaves : new int[] {2, 4}) {
            for (boolean packed : new boolean[] {false, true}) {
                Result expected = train(leaves, 1, 0.1, packed);
                for (int threads = 2; threads <= 3; threads++) {
                    assertEquals(
                            expected,
                            train(leaves, threads, 0.1, packed),
                            leaves + " leaves, " + threads + " threads, packed: " + packed);
                }
            }
        }
    }

    @Test
    void whatPublishedModelsAddIsTrainedInLeavesToo() {
        for (boolean packed : new boolean[] {false, true}) {
            Result whole = train(EVERYTHING, 1, 1, 0, packed, Precision.FP32);
            Result expected = train(EVERYTHING, 4, 1, 0, packed, Precision.FP32);
            assertEquals(expected, train(EVERYTHING, 4, 3, 0, packed, Precision.FP32));
            for (int i = 0; i < whole.losses.size(); i++) {
                assertEquals(whole.losses.get(i), expected.losses.get(i), 1e-4 * whole.losses.get(i));
            }
        }
    }

    /** Leaves of two rows multiply in bf16, those of one mostly in float32. */
    @Test
    void inBf16TooThreadsMakeNoDifference() {
        for (int leaves : new int[] {2, 4}) {
            Result expected = train(SHAPE, leaves, 1, 0.1, false, Precision.BF16);
            for (int threads = 2; threads <= 3; threads++) {
                assertEquals(
                        expected,
                        train(SHAPE, leaves, threads, 0.1, false, Precision.BF16),
                        leaves + " leaves, " + threads + " threads");
            }
            Result inFloat32 = train(leaves, 2, 0.1, false);
            assertNotEquals(inFloat32, expected);
            for (int i = 0; i < expected.losses.size(); i++) {
                assertEquals(inFloat32.losses.get(i), expected.losses.get(i), 1e-3 * expected.losses.get(i));
            }
        }
    }

    @Test
    void leavesMakeNoDifferenceButRounding() {
        for (boolean packed : new boolean[] {false, true}) {
            Result whole = train(1, 1, 0, packed);
            Result leaves = train(3, 2, 0, packed);
            assertNotEquals(whole, leaves);
            for (int i = 0; i < whole.losses.size(); i++) {
                assertEquals(whole.losses.get(i), leaves.losses.get(i), 4e-3);
            }
        }
    }

    @Test
    void randomNumbersFollowFromTheSeedOfTheStepAndThePlaceOfTheLeaf() {
        assertEquals(train(2, 2, 0.3, false), train(2, 2, 0.3, false));
        assertTrue(!train(2, 2, 0.3, false).equals(train(2, 2, 0.2, false)));
    }
}
