package perdure.run;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Device;
import perdure.checkpoint.Restart;
import perdure.data.BatchLoader;
import perdure.data.Corpus;
import perdure.data.LearntTokenizer;
import perdure.data.Sequences;
import perdure.data.Sequences.Packing;
import perdure.data.TokenizingOptions;
import perdure.data.TrainingText;
import perdure.data.TrainingText.Dataset;
import perdure.device.NativeRuntime;
import perdure.device.ResidentMemory;
import perdure.model.ModelConfig;
import perdure.status.Figures;
import perdure.tokenizer.Tokenizer;
import perdure.train.TrainingOptions;

/**
 * A run before it begins: settings for what the user left open, the memory and time that it takes, and what is likely to
 * go wrong. The data are read as {@link TrainingRun} reads them, and a few steps are measured.
 *
 * @param proposed values of the settings that were open, by the settings' names
 * @param lines what is told of the run, one line each
 */
public record RunPlan(Map<String, String> proposed, List<String> lines) {

    /** Shapes that take longer are not proposed, unless the user sets another limit: what a machine does in a night. */
    private static final Duration USUAL_LIMIT = Duration.ofHours(8);

    /** What a run has besides: the server, its page and the files of checkpoints. Measured, in bytes. */
    private static final long SERVER = 25_000_000;

    /** Of a checkpoint: hashed, written and forced to disk. */
    private static final double SAVED_BYTES_PER_SECOND = 150e6;

    /**
     * Plans a new run. Loads libtorch.
     *
     * @param given names of the settings that the user has set, such as {@code hidden size}; the others are proposed
     * @param scratch an empty folder for the tokens of the data, which the caller deletes; nothing else is written
     * @throws BadInputException if the data or a setting cannot be used
     */
    public static RunPlan of(RunConfig config, Set<String> given, Path scratch) {
        if (config.text().isBundled()) {
            throw new BadInputException("data", "data to plan for are not given.");
        }
        BadInputException.naming(null, () -> {
            NativeRuntime.load(config.natives());
            return true;
        });
        TrainingText text = config.text().open(null);
        Proposal proposal = new Proposal(config, given);
        if (config.fineTuning().from() == null && text.training().prepared() == null) {
            long bytes = text.training().sizes().values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            proposal.vocabulary(bytes);
        }
        try (Device device = config.compute().on(config.compute().device());
                Tokenizer tokenizer = tokenizer(proposal.config(), text.training())) {
            if (config.fineTuning().from() != null) { // Its template may not have a form for every conversation.
                RunText.check(text, tokenizer, () -> false);
            }
            Dataset dataset = BadInputException.naming(
                    "data",
                    () -> text.open(scratch, tokenizer, config.length().seed(), TokenizingOptions.of(() -> false)));
            List<String> lines = new ArrayList<>(text.notes());
            Draft draft = new Draft(proposal, tokenizer, dataset, device);
            draft.complete(lines);
            return new RunPlan(proposal.chosen(), lines);
        }
    }

    private static Tokenizer tokenizer(RunConfig config, Corpus training) {
        FineTuning fineTuning = config.fineTuning();
        if (fineTuning.from() == null && training.prepared() != null) {
            return config.preparedTokenizer();
        }
        return fineTuning.from() != null
                ? BadInputException.naming("from", () -> fineTuning.tokenizer(FineTuning.pretrained(fineTuning.from())))
                : BadInputException.naming(
                        "data",
                        () -> Tokenizer.of(
                                LearntTokenizer.learn(training, config.model().vocabularySize(), () -> false)
                                        .json()));
    }

    /** A run whose settings are still being chosen. */
    private record Draft(Proposal proposal, Tokenizer tokenizer, Dataset dataset, Device device) {

        /** Seconds from the start of this process until the data were read. */
        private static double uptime() {
            return ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
        }

        private RunConfig config() {
            return proposal.config();
        }

        private ModelConfig model() {
            return config().modelConfig(tokenizer.vocabularySize());
        }

        private Sequences sequences() {
            return config().text().sequences().orElse(Sequences.usual(dataset.hasConversations()));
        }

        /** Chooses what is open, measures, and adds what is to be told. */
        void complete(List<String> lines) {
            double prepared = uptime();
            long process = ResidentMemory.bytes() + SERVER;
            proposal.context(dataset.training(), sequences().packing() == Packing.DOCUMENTS);
            double most = Proposal.mostParameters(dataset.training().predictions());
            long before = Long.MAX_VALUE;
            TimeEstimate time = null;
            MemoryEstimate memory = null;
            while (most > 0) {
                choose(most);
                long parameters = model().parameterCount();
                if (parameters >= before) {
                    break; // There is no smaller one.
                }
                before = parameters;
                memory = MemoryEstimate.of(config(), model(), process);
                time = device.is_cpu() && memory.total() > ModelShape.memory() ? null : time(prepared);
                most = time == null || time.seconds() <= limit()
                        ? 0
                        : parameters * Math.min(0.7, limit() / time.seconds());
            }
            RunOutlook outlook = new RunOutlook(
                    config(),
                    model(),
                    dataset,
                    sequences(),
                    memory,
                    TrainingRun.bytesOfCheckpoint(config(), model(), tokenizer));
            lines.add(outlook.data());
            lines.add(outlook.model(device));
            lines.add(
                    time == null
                            ? "Time: not measured, since the run does not fit into memory."
                            : "Time: " + time.describe() + ".");
            lines.addAll(outlook.warnings(device));
            warnOfTime(time, lines);
            if (Restart.hasWeights(config().folder())) {
                lines.add("Warning: " + config().folder()
                        + " has a run already, which train would carry on: use another" + " run folder.");
            }
        }

        private void choose(double mostParameters) {
            int ids = tokenizer.vocabularySize();
            long tokens = dataset.training().predictions();
            if (config().fineTuning().from() == null) {
                proposal.shape(ids, mostParameters);
            }
            int epochs = proposal.epochs(ids, tokens);
            long rows = rows(1);
            proposal.batch(ids, rows, epochs);
            proposal.rates(steps(rows));
        }

        private long rows(int batchSize) {
            RunConfig config = config();
            try (BatchLoader batches = BadInputException.naming(
                    "context",
                    () -> BatchLoader.shuffled(
                            dataset.training(), sequences(), config.model().context(), batchSize, 0))) {
                return batches.rows();
            }
        }

        private long steps(long rows) {
            TrainingOptions options = config().trainingOptions();
            long all = options.epochs() * options.stepsIn(rows, 0, 0);
            long most = options.limits().steps();
            return most == 0 ? all : Math.min(all, most);
        }

        /** Seconds that the run may take. */
        private double limit() {
            Instant deadline = config().length().limits().deadline();
            return deadline == null
                    ? USUAL_LIMIT.toSeconds()
                    : Duration.between(Instant.now(), deadline).toMillis() / 1e3 + uptime();
        }

        private TimeEstimate time(double prepared) {
            RunConfig config = config();
            NativeRuntime.load(config.natives()); // The number of threads may depend on the shape.
            Calibration measured = BadInputException.naming(
                    "data", () -> Calibration.measure(config, model(), dataset, sequences(), tokenizer, device));
            TrainingOptions options = config.trainingOptions();
            long rows = rows(1);
            long steps = steps(rows);
            long everyRow =
                    (rows + options.batch().size() - 1) / options.batch().size() * options.epochs();
            long microBatches = Math.min(steps * options.batch().accumulation(), everyRow);
            double step = measured.update() + measured.microBatch() * microBatches / steps;
            long epochs = steps / options.stepsIn(rows, 0, 0);
            long inside = options.validation().every() == 0
                    ? 0
                    : steps / options.validation().every();
            double evaluation = measured.evaluationBatch() * evaluationBatches();
            double samples = epochs * measured.sample();
            double training = steps * step + (epochs + inside) * evaluation + samples;
            double save = TrainingRun.bytesOfCheckpoint(config(), model(), tokenizer) / SAVED_BYTES_PER_SECOND;
            double atTheEnd = steps % options.stepsIn(rows, 0, 0) == 0 ? 0 : 1; // An epoch's end is saved anyway.
            double saves = epochs + atTheEnd + config.saving().every().during(training, steps);
            return new TimeEstimate(
                    prepared + measured.first() + samples, steps, step, epochs + inside, evaluation, saves * save);
        }

        private long evaluationBatches() {
            RunConfig config = config();
            long most = config.length().validation().batches();
            try (BatchLoader heldOut = BatchLoader.sequential(
                    dataset.validation(),
                    RunOutlook.validating(dataset, sequences()),
                    config.model().context(),
                    config.optimization().batching().size())) {
                return most == 0 ? heldOut.batches() : Math.min(most, heldOut.batches());
            }
        }

        private void warnOfTime(TimeEstimate time, List<String> lines) {
            if (time != null && time.seconds() > limit()) {
                lines.add(String.format(
                        Locale.ROOT,
                        config().length().limits().deadline() == null
                                ? "Warning: the run takes longer than %s. A smaller model, fewer epochs or a maximum"
                                        + " time make it shorter."
                                : "Warning: the run takes longer than its maximum time of %s. It saves and stops then,"
                                        + " and the same command carries on.",
                        Figures.duration(Math.round(limit()))));
            }
        }
    }
}
