package perdure.bench;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.TokenizerFiles;
import perdure.checkpoint.TrainerState;
import perdure.checkpoint.TrainerState.LossSum;
import perdure.checkpoint.TrainerState.Plan;
import perdure.checkpoint.TrainerState.Position;
import perdure.data.Batch;
import perdure.device.Devices;
import perdure.device.Precision;
import perdure.model.LanguageModel;
import perdure.train.AdamW;
import perdure.train.Learner;
import perdure.train.RandomState;
import perdure.train.RunWriter;
import perdure.train.SaveInterval;
import perdure.train.StopRequests;

/**
 * Measures how much saving slows down a run: how long training waits while the state is copied, and how much longer the
 * same steps take while another thread writes the copy. Blocks of steps that begin with a save alternate with blocks
 * without one.
 */
public final class SaveBenchmark {

    /** About ten million parameters. */
    public static final Recipe RECIPE =
            new Recipe("10 million parameters", TrainingBenchmark.WIDTH_384.withLayers(5), 4);

    private static final int WARM_UP_STEPS = 3;

    /** Further saves, of which only the wait is measured. */
    private static final int MORE_SAVES = 30;

    /**
     * The measurements.
     *
     * @param stalls how long training waited at each save, in ms
     * @param plain ms per block without a save
     * @param saving ms per block with a save, the wait included
     */
    public record Result(List<Double> stalls, List<Double> plain, List<Double> saving) {

        /** A percentile (0…1) of the waits, in ms. */
        public double stall(double percentile) {
            return TrainingBenchmark.percentile(stalls, percentile);
        }

        /** Median wait as a share of a block without a save. */
        public double stallShare() {
            return stall(0.5) / TrainingBenchmark.percentile(plain, 0.5);
        }

        /** How much longer a block with a save takes, as a share; from medians. */
        public double slowdown() {
            return TrainingBenchmark.percentile(saving, 0.5) / TrainingBenchmark.percentile(plain, 0.5) - 1;
        }
    }

    private SaveBenchmark() {}

    /**
     * Runs the benchmark.
     *
     * @param folder an empty run folder on the disk to measure
     * @param blocks of each kind
     * @param steps per block
     */
    public static Result run(Recipe recipe, Path folder, int blocks, int steps) {
        TokenizerFiles tokenizer = new TokenizerFiles(
                Map.of(
                        "tokenizer.json", "{}".getBytes(StandardCharsets.UTF_8),
                        "tokenizer_config.json", "{}".getBytes(StandardCharsets.UTF_8),
                        "special_tokens_map.json", "{}".getBytes(StandardCharsets.UTF_8)),
                0,
                0);
        SaveInterval never = new SaveInterval(Duration.ofDays(1), 0);
        List<Double> stalls = new ArrayList<>();
        List<Double> plain = new ArrayList<>();
        List<Double> saving = new ArrayList<>();
        try (LanguageModel model = new LanguageModel(recipe.config(), 1);
                AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT);
                LossHistory history = LossHistory.open(folder, position(0));
                RunWriter writer = new RunWriter(
                        CheckpointStore.open(folder, CheckpointStore.MINIMUM_KEPT, history),
                        history,
                        never,
                        tokenizer,
                        Map.of(),
                        new StopRequests(null))) {
            Learner learner = new Learner(model, optimizer, Devices.resolve("cpu"), Precision.FP32);
            model.train(true);
            Batch batch = TrainingBenchmark.randomBatch(recipe, 1);
            steps(learner, batch, WARM_UP_STEPS);
            save(writer, learner, 1); // allocates the buffers
            writer.requireSaved();
            long saves = 1;
            for (int block = 0; block < blocks; block++) {
                plain.add(steps(learner, batch, steps));
                long start = System.nanoTime();
                stalls.add(save(writer, learner, ++saves));
                steps(learner, batch, steps);
                saving.add(millisecondsSince(start));
                writer.requireSaved();
            }
            for (int more = 0; more < MORE_SAVES; more++) {
                steps(learner, batch, 1);
                stalls.add(save(writer, learner, ++saves));
                writer.requireSaved();
            }
        }
        return new Result(stalls, plain, saving);
    }

    private static double steps(Learner learner, Batch batch, int count) {
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            TrainingBenchmark.step(learner, batch);
        }
        return millisecondsSince(start);
    }

    private static double save(RunWriter writer, Learner learner, long step) {
        TrainerState state = new TrainerState(
                position(step),
                new LossSum(0, 0),
                null,
                new RandomState(learner.device()).save(),
                new Plan(1, 1),
                Map.of(),
                List.of(),
                null);
        long start = System.nanoTime();
        writer.save(learner, state);
        return millisecondsSince(start);
    }

    private static Position position(long step) {
        return new Position(0, step, step, 0, null);
    }

    private static double millisecondsSince(long start) {
        return (System.nanoTime() - start) / 1e6;
    }
}
