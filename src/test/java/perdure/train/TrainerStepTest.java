package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import perdure.data.Batch;
import perdure.data.MicroBatches;
import perdure.device.Devices;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.train.Trainer.Part;
import perdure.train.Trainer.Step;

class TrainerStepTest {
    private static final int VOCABULARY = 16;
    private static final IntSupplier NEVER = () -> StopRequests.NONE;

    private LanguageModel model;
    private Learner learner;

    @BeforeEach
    void open() {
        NativeRuntime.load();
        open(TinyTraining.shape(VOCABULARY, 8));
    }

    private void open(ModelConfig shape) {
        model = new LanguageModel(shape, 1);
        learner = new Learner(model, new AdamW(model, AdamW.Settings.DEFAULT), Devices.resolve("cpu"), Precision.FP32);
        model.train(true);
    }

    @AfterEach
    void close() {
        learner.optimizer().close();
        model.close();
    }

    private static Batch batch(int first, int rows) {
        long[] ids = new long[rows * TinyTraining.CONTEXT];
        long[] targets = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (first + i) % VOCABULARY;
            targets[i] = (first + i + 1) % VOCABULARY;
        }
        return Batch.of(ids, targets, rows, TinyTraining.CONTEXT);
    }

    private Step step(MicroBatches microBatches, IntSupplier stop) {
        return Trainer.step(learner, microBatches, 7, 0.01, 1, stop, part -> {});
    }

    @Test
    void theLossIsThatOfAllMicroBatches() {
        model.dropout(0);
        double expected = learner.lossSum(batch(0, 2)) + learner.lossSum(batch(5, 1));
        Step step = step(new MicroBatches(24, 2, List.of(batch(0, 2), batch(5, 1))), NEVER);
        assertEquals(expected, step.lossSum(), 1e-4);
        assertEquals(24, step.tokens());
        assertEquals(1, learner.optimizer().steps());
        assertTrue(learner.lossSum(batch(0, 2)) + learner.lossSum(batch(5, 1)) < expected);
    }

    /** Two micro-batches of unlike size make the gradient of the mean over all their tokens. */
    @Test
    void goesDownTheGradientOfTheMeanLoss() {
        model.dropout(0);
        Batch first = batch(0, 2);
        Batch second = batch(5, 1);
        try (PointerScope scope = new PointerScope();
                GradientDescent descent = new GradientDescent(model)) {
            Learner learner = new Learner(model, descent, this.learner.device(), Precision.FP32);
            for (Batch batch : List.of(first, second)) {
                try (LanguageModel.Loss loss = model.forward(
                        learner.onDevice(batch.ids(), batch), learner.onDevice(batch.targets(), batch), 1.0 / 24)) {
                    loss.backward();
                }
            }
            List<Tensor> expected = descent.weights.stream()
                    .map(weight -> weight.detach().sub(weight.grad().mul(new Scalar(0.5))))
                    .toList();
            descent.gradients().zero();
            Trainer.step(learner, new MicroBatches(24, 2, List.of(first, second)), 7, 0.5, 1e9, NEVER, part -> {});
            for (int i = 0; i < expected.size(); i++) {
                Tensor weight = descent.weights.get(i).detach();
                assertEquals(0, weight.sub(expected.get(i)).abs().max().item_double(), 1e-6);
            }
        }
    }

    /** Plain gradient descent: w - rate · g. It remembers nothing but its steps. */
    private static final class GradientDescent implements Optimizer {
        private final List<Tensor> weights;
        private final Gradients gradients;
        private long steps;

        GradientDescent(LanguageModel model) {
            weights = Stream.concat(model.matrices().stream(), model.vectors().stream())
                    .toList();
            gradients = new Gradients(weights);
        }

        @Override
        public Gradients gradients() {
            return gradients;
        }

        @Override
        public void step(double learningRate, Tensor skip) {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                weights.forEach(weight -> weight.sub_(weight.grad().mul(new Scalar(learningRate))));
            }
            steps++;
        }

        @Override
        public long steps() {
            return steps;
        }

        @Override
        public void steps(long steps) {
            this.steps = steps;
        }

        @Override
        public boolean isSharded() {
            return false;
        }

        @Override
        public void saveMoments(Consumer<Map<String, Tensor>> to) {}

        @Override
        public void loadMoments(Consumer<Map<String, Tensor>> from) {}

        @Override
        public void close() {
            gradients.close();
        }
    }

    @Test
    void inBf16TheNextStepMultipliesTheNewWeights() {
        close();
        open(TinyTraining.shape(VOCABULARY, 64));
        Learner rounding = new Learner(model, learner.optimizer(), learner.device(), Precision.BF16);
        Batch many = batch(0, 64);
        double before = rounding.lossSum(many);
        Trainer.step(rounding, MicroBatches.of(many), 7, 0.01, 1, NEVER, part -> {});
        double after = rounding.lossSum(many);
        assertTrue(after < before);
        assertEquals(after, new Learner(model, learner.optimizer(), learner.device(), Precision.BF16).lossSum(many));
        double exact = new Learner(model, learner.optimizer(), learner.device(), Precision.FP32).lossSum(many);
        assertNotEquals(exact, after);
        assertEquals(exact, after, 0.01 * exact);
    }

    @Test
    void everyPartIsReported() {
        List<Part> ended = new ArrayList<>();
        Trainer.step(
                learner, new MicroBatches(16, 2, List.of(batch(0, 1), batch(1, 1))), 7, 0.01, 1, NEVER, ended::add);
        assertEquals(
                List.of(Part.DATA, Part.FORWARD, Part.BACKWARD, Part.DATA, Part.FORWARD, Part.BACKWARD, Part.OPTIMIZER),
                ended);
    }

    @Test
    void aStopInsideAStepLeavesEverythingAsItWas() {
        model.dropout(0.5);
        RandomState random = new RandomState(learner.device());
        List<String> before = List.of(weights(), random.save().toString());
        int[] questions = {0};
        MicroBatches two = new MicroBatches(16, 2, List.of(batch(0, 1), batch(1, 1)));
        assertThrows(
                Trainer.StopRequested.class,
                () -> step(two, () -> questions[0]++ == 1 ? StopRequests.DEADLINE : StopRequests.NONE));
        assertEquals(2, questions[0]);
        assertEquals(before, List.of(weights(), random.save().toString()));
        assertEquals(0, learner.optimizer().steps());
        assertTrue(model.matrices().stream().noneMatch(weight -> weight.grad().defined()));
    }

    @Test
    void aLossThatIsNotFiniteStopsBeforeTheUpdateAndSaysAtWhichStep() {
        learner.optimizer().steps(41);
        Tensor norm = model.vectors().get(0);
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            norm.mul_(new Scalar(Double.NaN));
        }
        assertNothingIsUpdated("The loss at step 42 is NaN", 8);
    }

    @Test
    void aGradientNormThatIsNotFiniteStopsBeforeTheUpdateAndSaysAtWhichStep() {
        close();
        open(TinyTraining.shape(VOCABULARY, 8).withTiedEmbeddings(false));
        learner.optimizer().steps(41);
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            // The logits stay as they are, and the gradient of the output projection becomes too large to be squared.
            model.namedTensors().get("model.norm.weight").mul_(new Scalar(1e25));
            model.namedTensors().get("lm_head.weight").mul_(new Scalar(1e-25));
        }
        assertNothingIsUpdated("The gradient norm at step 42 is ", 8);
    }

    @Test
    void aStepWithoutATokenThatCountsDividesByNoZero() {
        Batch batch = batch(0, 1);
        long[] ignored = new long[batch.targets().length];
        Arrays.fill(ignored, Batch.IGNORED);
        Step step = step(
                MicroBatches.of(new Batch(batch.ids(), ignored, null, 1, TinyTraining.CONTEXT, 0, ignored.length)),
                NEVER);

        assertEquals(0, step.loss());
        assertEquals(0, step.gradientNorm());
        assertEquals(ignored.length, step.predictions());
    }

    private void assertNothingIsUpdated(String start, long tokens) {
        String before = weights();
        MicroBatches microBatches = new MicroBatches(tokens, 1, List.of(batch(0, 1)));
        String message = assertThrows(IllegalStateException.class, () -> step(microBatches, NEVER))
                .getMessage();
        assertTrue(message.startsWith(start), message);
        assertEquals(before, weights());
        assertEquals(41, learner.optimizer().steps());
        assertFalse(model.vectors().get(0).grad().defined());
    }

    /** Weights and moments, for comparison. */
    private String weights() {
        StringBuilder all = new StringBuilder();
        try (PointerScope scope = new PointerScope()) {
            model.namedTensors().values().forEach(tensor -> append(all, tensor));
            learner.optimizer().saveMoments(moments -> moments.values().forEach(tensor -> append(all, tensor)));
        }
        return all.toString();
    }

    private static void append(StringBuilder all, Tensor tensor) {
        float[] values = new float[(int) tensor.numel()];
        tensor.contiguous().data_ptr_float().get(values);
        for (float value : values) {
            all.append(value).append(' ');
        }
    }
}
