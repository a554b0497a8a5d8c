package perdure.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import perdure.data.Batch;
import perdure.device.Devices;
import perdure.device.Precision;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;

/** Measures training steps on random tokens, each against the matrix products that this machine does in the same run. */
public final class Benchmark {
    private static final int WARM_UP_STEPS = 3;

    /**
     * What is measured.
     *
     * @param batch rows of a step
     */
    public record Recipe(String name, ModelConfig config, int batch) {
        /** The three shapes of the published figures: nanoGPT's CPU recipe, a 13-million one and GPT-2's smallest. */
        public static List<Recipe> all() {
            return List.of(
                    new Recipe("a: 4 layers, width 128", new ModelConfig(259, 128, 4, 4, 4, 384, 64, true), 12),
                    new Recipe("b: 6 layers, width 384", new ModelConfig(4099, 384, 6, 6, 6, 1024, 256, true), 4),
                    new Recipe("c: 12 layers, width 768", new ModelConfig(50259, 768, 12, 12, 12, 2048, 256, true), 2));
        }

        /** Multiplications and additions of one step's matrix products, forward and backward (Kaplan et al. 2020). */
        double floatingPointOperations() {
            long tokens = (long) batch * config.context();
            double attention = 12.0 * config.layers() * config.hiddenSize() * config.context() / 2; // causal: half
            return tokens * (6.0 * config.parameterCount() + attention);
        }
    }

    /**
     * Medians, in milliseconds, of one recipe.
     *
     * @param peakShare of the machine's matrix products, 0…1
     */
    public record Result(
            double forward, double backward, double optimizer, double step, double tokensPerSecond, double peakShare) {}

    private Benchmark() {}

    /** Runs a recipe for so many steps, alternating with the matrix products that it is held against. */
    public static Result run(Recipe recipe, int steps) {
        List<double[]> times = new ArrayList<>();
        List<Double> peaks = new ArrayList<>();
        try (LanguageModel model = new LanguageModel(recipe.config(), 1);
                AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT)) {
            Learner learner = new Learner(model, optimizer, Devices.resolve("cpu"), Precision.FP32);
            model.train(true);
            Batch batch = randomBatch(recipe);
            for (int i = -WARM_UP_STEPS; i < steps; i++) {
                double[] time = step(learner, batch);
                double peak = matrixProducts();
                if (i >= 0) {
                    times.add(time);
                    peaks.add(peak);
                }
            }
        }
        double step = median(times, 3);
        double achieved = recipe.floatingPointOperations() / step * 1e3;
        return new Result(
                median(times, 0),
                median(times, 1),
                median(times, 2),
                step,
                recipe.batch() * recipe.config().context() / step * 1e3,
                achieved / percentile(peaks, 0.9));
    }

    static double[] step(Learner learner, Batch batch) {
        long start = System.nanoTime();
        long forward;
        long backward;
        try (PointerScope scope = new PointerScope()) {
            LanguageModel.Pass pass = learner.forward(batch, 1.0 / batch.tokens());
            forward = System.nanoTime();
            pass.backward();
            backward = System.nanoTime();
        }
        learner.optimizer().clipGradients(1.0);
        learner.optimizer().step(1e-4);
        learner.optimizer().zeroGradients();
        long end = System.nanoTime();
        return new double[] {
            (forward - start) / 1e6, (backward - forward) / 1e6, (end - backward) / 1e6, (end - start) / 1e6
        };
    }

    /** Floating-point operations a second of a large float32 product. */
    private static double matrixProducts() {
        int size = 1024;
        try (PointerScope scope = new PointerScope()) {
            Tensor a = torch.ones(size, size);
            Tensor b = torch.ones(size, size);
            long start = System.nanoTime();
            for (int i = 0; i < 4; i++) {
                torch.matmul(a, b);
            }
            return 4 * 2.0 * size * size * size / (System.nanoTime() - start) * 1e9;
        }
    }

    static Batch randomBatch(Recipe recipe) {
        int tokens = recipe.batch() * recipe.config().context();
        int vocabulary = recipe.config().vocabularySize();
        SplittableRandom random = new SplittableRandom(1);
        long[] ids = random.longs(tokens, 0, vocabulary).toArray();
        long[] targets = random.longs(tokens, 0, vocabulary).toArray();
        return new Batch(ids, targets, recipe.batch(), recipe.config().context(), tokens);
    }

    private static double median(List<double[]> times, int column) {
        return percentile(times.stream().map(row -> row[column]).toList(), 0.5);
    }

    /** The value that has {@code share} (0…1) of the others below it. */
    public static double percentile(List<Double> values, double share) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted[(int) (share * (sorted.length - 1))];
    }
}
