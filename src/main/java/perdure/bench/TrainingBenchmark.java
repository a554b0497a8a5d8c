package perdure.bench;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.data.Batch;
import perdure.data.MicroBatches;
import perdure.device.DeviceMigrator;
import perdure.device.Devices;
import perdure.device.Precision;
import perdure.distributed.Workers;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.train.AdamW;
import perdure.train.Lanes;
import perdure.train.Learner;
import perdure.train.PartTimer;
import perdure.train.Trainer;
import perdure.train.Trainer.Part;

/** Training steps on random tokens, one at a time, for measurements. */
public final class TrainingBenchmark implements AutoCloseable {
    /** Vocabulary 4099, hidden size 384, 6 heads, context 256, 3 layers. */
    static final ModelConfig WIDTH_384 = ModelConfig.DEFAULT
            .withVocabularySize(4099)
            .withHiddenSize(384)
            .withHeads(6, 6)
            .withIntermediateSize(1024)
            .withContext(256);

    /** The learning rate of every step. */
    public static final double LEARNING_RATE = 1e-4;

    private static final double GRADIENT_CLIP = 1;

    /**
     * The shape of what is measured.
     *
     * @param batch rows per step
     */
    public record Recipe(String name, ModelConfig config, int batch) {
        /**
         * The three shapes of the published figures: nanoGPT's CPU recipe, a model of 13 million parameters, and the
         * smallest GPT-2.
         */
        public static List<Recipe> all() {
            return List.of(
                    new Recipe(
                            "a: 4 layers, width 128",
                            ModelConfig.DEFAULT
                                    .withVocabularySize(259)
                                    .withLayers(4)
                                    .withContext(64),
                            12),
                    new Recipe("b: 6 layers, width 384", WIDTH_384.withLayers(6), 4),
                    new Recipe(
                            "c: 12 layers, width 768",
                            ModelConfig.DEFAULT
                                    .withVocabularySize(50259)
                                    .withHiddenSize(768)
                                    .withHeads(12, 12)
                                    .withLayers(12)
                                    .withIntermediateSize(2048)
                                    .withContext(256),
                            2));
        }

        /** These, c with longer rows and more of them, and 540 million parameters with the same. */
        public static List<Recipe> onGpus() {
            ModelConfig c = all().get(2).config().withContext(1024);
            Stream<Recipe> large = Stream.of(
                    new Recipe("d: 12 layers, width 768, context 1,024", c, 16),
                    new Recipe(
                            "e: 24 layers, width 1,280, context 1,024",
                            ModelConfig.DEFAULT
                                    .withVocabularySize(50259)
                                    .withHiddenSize(1280)
                                    .withHeads(20, 20)
                                    .withLayers(24)
                                    .withContext(1024)
                                    .withIntermediateSize(3456),
                            16));
            return Stream.concat(all().stream(), large).toList();
        }

        /** The same with another number of rows per step. */
        Recipe batch(int rows) {
            return new Recipe(name, config, rows);
        }

        /** Tokens per step. */
        public int tokens() {
            return batch * config.context();
        }

        /** Into how many leaves a batch is cut on this machine. */
        public int leaves() {
            return TrainingBenchmark.leaves(config, batch);
        }

        /** Floating-point operations of one step's matrix products, forward and backward (Kaplan et al. 2020). */
        double floatingPointOperations() {
            long tokens = tokens();
            double attention = 12.0 * config.layers() * config.hiddenSize() * config.context() / 2; // causal: half
            return tokens * (6.0 * config.parameterCount() + attention);
        }
    }

    /**
     * The times of one step, in milliseconds, and its loss.
     *
     * @param data turning the batch into tensors, and saving the generator states; the batches of training are loaded
     *     beforehand, on another thread
     * @param forward includes the loss and the gradients of the output projection
     * @param optimizer includes the clipping of the gradients
     * @param loss mean over the tokens, before the update, in nats per token
     */
    public record Step(double data, double forward, double backward, double optimizer, double loss) {
        public double total() {
            return data + forward + backward + optimizer;
        }
    }

    private static final int BATCHES = 5;

    private final Recipe recipe;
    private final Precision precision;
    private final Device device;
    private final LanguageModel model;
    private final Lanes lanes;
    private final Workers workers;
    private final Learner learner;
    private final List<Batch> batches;
    private int steps;

    /** Creates a model with random weights. It trains on a few batches of random tokens, on the CPU. */
    public TrainingBenchmark(Recipe recipe, Precision precision) {
        this(recipe, precision, Devices.resolve("cpu"));
    }

    /** The same on a device. A GPU takes a batch whole. */
    TrainingBenchmark(Recipe recipe, Precision precision, Device device) {
        this(
                recipe,
                precision,
                device,
                device.is_cpu() ? lanes(recipe.config(), recipe.batch()) : Lanes.one(),
                Workers.alone(),
                batches(recipe));
    }

    /**
     * The same on these batches of the recipe, or on rows of them.
     *
     * @param workers who train the model together, each on a part of the batches
     */
    TrainingBenchmark(
            Recipe recipe, Precision precision, Device device, Lanes lanes, Workers workers, List<Batch> batches) {
        this.recipe = recipe;
        this.precision = precision;
        this.device = device;
        this.lanes = lanes;
        this.workers = workers;
        this.batches = batches;
        model = new LanguageModel(recipe.config(), 1);
        DeviceMigrator.ensure(model, device);
        learner = new Learner(
                model, new AdamW(model, AdamW.Settings.DEFAULT, lanes, workers), device, precision, lanes, workers);
        model.train(true);
    }

    /** Those of random tokens that a recipe trains on, one after the other. */
    static List<Batch> batches(Recipe recipe) {
        return LongStream.range(0, BATCHES)
                .mapToObj(seed -> randomBatch(recipe, seed))
                .toList();
    }

    /** Those that training takes. */
    static Lanes lanes(ModelConfig config, int rows) {
        return Lanes.of(leaves(config, rows), torch.get_num_threads());
    }

    private static int leaves(ModelConfig config, int rows) {
        return Lanes.leaves(Lanes.products(config, rows, config.context()), rows);
    }

    public LanguageModel model() {
        return model;
    }

    /** The batches of the next {@code count} steps. */
    public List<Batch> next(int count) {
        return next(batches, steps, count);
    }

    /** The batches of the {@code count} steps from this one on, of batches that follow each other again and again. */
    static List<Batch> next(List<Batch> batches, int from, int count) {
        return IntStream.range(from, from + count)
                .mapToObj(step -> batches.get(step % batches.size()))
                .toList();
    }

    /** Takes a step. */
    public Step step() {
        Batch batch = batches.get(steps++ % BATCHES);
        int world = workers.world();
        return step(
                learner, new MicroBatches(batch.tokens() * world, workers.rank(), 1, List.of(batch)), LEARNING_RATE);
    }

    /** Waits until a GPU has ended the last step. Returns the milliseconds that took, which are that step's. */
    double await() {
        long start = System.nanoTime();
        Devices.await(device);
        return (System.nanoTime() - start) / 1e6;
    }

    /** Tokens per step. */
    public int tokens() {
        return recipe.tokens();
    }

    /** Floating-point operations per second of the matrix products, for a step of this many milliseconds. */
    public double floatingPointOperations(double milliseconds) {
        return recipe.floatingPointOperations() / milliseconds * 1e3;
    }

    @Override
    public void close() {
        learner.close();
        learner.optimizer().close();
        lanes.close();
        model.close();
    }

    /** Takes the same step as training does. */
    static Step step(Learner learner, Batch batch) {
        return step(learner, batch, LEARNING_RATE);
    }

    static Step step(Learner learner, Batch batch, double learningRate) {
        return step(learner, MicroBatches.of(batch), learningRate);
    }

    private static Step step(Learner learner, MicroBatches batches, double learningRate) {
        PartTimer timer = new PartTimer();
        Trainer.Step step = Trainer.step(learner, batches, 0, learningRate, GRADIENT_CLIP, () -> 0, timer);
        return new Step(
                timer.milliseconds(Part.DATA),
                timer.milliseconds(Part.FORWARD),
                timer.milliseconds(Part.BACKWARD),
                timer.milliseconds(Part.OPTIMIZER),
                step.lossSum() / step.tokens());
    }

    /**
     * Floating-point operations per second of large matrix products. In float32 on the CPU the faster of two libraries
     * counts: BLAS, or oneDNN on operands that are already in its own layout.
     */
    double matrixPeak() {
        int size = device.is_cpu() ? 1024 : 8192;
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            Tensor a = torch.ones(size, size).to(device, ScalarType.Float);
            double seconds;
            if (precision == Precision.BF16) {
                Tensor rounded = a.to(ScalarType.BFloat16);
                seconds = seconds(() -> torch.linear(rounded, rounded));
            } else if (device.is_cuda()) {
                seconds = seconds(() -> torch.matmul(a, a));
            } else {
                Tensor converted = a.to_mkldnn();
                seconds = Math.min(
                        seconds(() -> torch.matmul(a, a)),
                        seconds(() -> torch.mkldnn_linear(converted, a, new TensorOptional())));
            }
            return 2.0 * size * size * size / seconds;
        }
    }

    /** The time of the fastest of several products. */
    private double seconds(Supplier<Tensor> product) {
        double fastest = Double.POSITIVE_INFINITY;
        for (int i = 0; i < 6; i++) {
            await();
            long start = System.nanoTime();
            Tensor result = product.get();
            await();
            fastest = Math.min(fastest, (System.nanoTime() - start) / 1e9);
            result.close(); // Else the products would be the most memory that training a small model takes.
        }
        return fastest;
    }

    static Batch randomBatch(Recipe recipe, long seed) {
        int tokens = recipe.tokens();
        int vocabulary = recipe.config().vocabularySize();
        SplittableRandom random = new SplittableRandom(seed);
        long[] ids = random.longs(tokens, 0, vocabulary).toArray();
        long[] targets = random.longs(tokens, 0, vocabulary).toArray();
        return Batch.of(ids, targets, recipe.batch(), recipe.config().context());
    }

    /** The percentile of the values: {@code share} (0…1) of the others are below it. */
    public static double percentile(List<Double> values, double share) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted[(int) (share * (sorted.length - 1))];
    }
}
