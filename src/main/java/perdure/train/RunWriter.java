package perdure.train;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.checkpoint.BackgroundSaver;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Snapshot;
import perdure.checkpoint.TokenizerFiles;
import perdure.checkpoint.TrainerState;
import perdure.checkpoint.TrainerState.Position;
import perdure.status.TrainingProgress.Saved;

/**
 * Writes a run to the disk: its checkpoints, on a thread of their own, and its loss history. A failed save is reported
 * and does not end the run: the checkpoint before it stays the current one, and the next save may succeed.
 *
 * <p>Only the first rank writes. That of another says that it has saved what the first one saves.
 */
public final class RunWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunWriter.class);

    /** Between two lines about a last save that fails again and again. */
    private static final Duration TELL = Duration.ofMinutes(1);

    private final BackgroundSaver saver;
    private final LossHistory history;
    private final SaveInterval interval;
    private final TokenizerFiles tokenizer;
    private final Map<String, String> identity;
    private final StopRequests stop;

    private Position onDisk;
    private Position submitted;
    private Position captured; // of the moments that the saver has a copy of
    private long lastTry = System.nanoTime();
    private long lastTriedStep;
    private Saved saved = Saved.before(null, 0);
    private String problem;
    private boolean mayWorkLater;
    private long toldOfRetry;

    /**
     * @param identity the settings that shape the run, by name; recorded in every checkpoint
     * @param stop is told how long a save takes
     */
    public RunWriter(
            CheckpointStore store,
            LossHistory history,
            SaveInterval interval,
            TokenizerFiles tokenizer,
            Map<String, String> identity,
            StopRequests stop) {
        this.stop = stop;
        this.saver = new BackgroundSaver(store);
        this.history = history;
        this.interval = interval;
        this.tokenizer = tokenizer;
        this.identity = identity;
    }

    /** That of a rank that has no run folder. */
    public RunWriter(Map<String, String> identity, StopRequests stop) {
        this.stop = stop;
        this.identity = identity;
        saver = null;
        history = null;
        interval = null;
        tokenizer = null;
    }

    Map<String, String> identity() {
        return identity;
    }

    /**
     * Starts at a position.
     *
     * @param checkpoint name of the checkpoint that the run resumes from, or null if there is none
     */
    void begin(Position position, String checkpoint) {
        onDisk = checkpoint == null ? null : position;
        lastTry = System.nanoTime();
        lastTriedStep = position.step();
        saved = Saved.before(checkpoint, checkpoint == null ? 0 : position.step());
    }

    private void append(LossCurve.Line line) {
        if (history != null) {
            history.append(line);
        }
    }

    void logStep(Position position, double loss, double learningRate, double gradientNorm) {
        append(new LossCurve.Step(
                position.step(), position.epoch(), loss, learningRate, gradientNorm, position.tokens()));
    }

    /** JSON has no number for what is not finite: an epoch whose steps were all skipped has no line. */
    void logEpoch(Position position, double loss, Evaluator.Evaluation evaluation) {
        if (Double.isFinite(loss)) {
            append(new LossCurve.Epoch(
                    position.step(),
                    position.epoch(),
                    loss,
                    finiteOrNull(evaluation.loss()),
                    finiteOrNull(evaluation.bitsPerByte())));
        }
    }

    private static Double finiteOrNull(double value) {
        return Double.isFinite(value) ? value : null;
    }

    void logValidation(Position position, Evaluator.Evaluation evaluation) {
        if (Double.isFinite(evaluation.loss())) {
            append(new LossCurve.Validation(
                    position.step(), position.epoch(), evaluation.loss(), evaluation.bitsPerByte()));
        }
    }

    /** Whether a save inside an epoch is due and no save is in progress. */
    boolean isDue(Position position) {
        return interval != null
                && interval.isDue(System.nanoTime() - lastTry, position.step() - lastTriedStep)
                && !isSaving();
    }

    private boolean isSaving() {
        recordOutcome(saver.poll());
        return submitted != null;
    }

    /**
     * Copies the state and starts to write it. Waits first for a save in progress. All ranks take part if the moments are
     * sharded, unless they did at this position: a save that is tried again needs the first rank alone.
     */
    public void save(Learner learner, TrainerState state) {
        Consumer<Consumer<Map<String, Tensor>>> moments =
                state.position().equals(captured) ? to -> {} : learner.optimizer()::saveMoments;
        if (saver == null) {
            moments.accept(all -> {});
            onDisk = state.position();
        } else {
            recordOutcome(saver.await());
            try (PointerScope scope = new PointerScope()) {
                saver.submit(
                        new Snapshot(
                                learner.model().config(),
                                learner.model().lora(),
                                learner.model().namedTrained(),
                                Map.of(),
                                state,
                                tokenizer),
                        moments);
            }
            submitted = state.position();
            lastTry = System.nanoTime();
            lastTriedStep = submitted.step();
        }
        captured = state.position();
    }

    /** Waits for a save in progress. Returns whether this position is on the disk. */
    boolean hasSaved(Position position) {
        awaitSaver();
        return position.equals(onDisk);
    }

    /**
     * Waits for a save in progress.
     *
     * @throws IllegalStateException if the last save failed, so that the run's end is not on disk
     */
    public void requireSaved() {
        awaitSaver();
        if (problem != null) {
            throw new IllegalStateException(problem);
        }
    }

    /** Whether the save that failed may succeed later, since the disk may have room or be there again. */
    boolean mayWorkLater() {
        return mayWorkLater;
    }

    /** Says that the last save is tried again, once in a while. */
    void tellOfRetry() {
        long now = System.nanoTime();
        if (toldOfRetry == 0 || now - toldOfRetry > TELL.toNanos()) {
            toldOfRetry = now;
            LOG.error(
                    "{}: everything that was trained is still in memory, and saving is tried again until it works, or"
                            + " for two minutes after a stop. One more request to stop gives it up.",
                    problem);
        }
    }

    private void awaitSaver() {
        recordOutcome(saver == null ? null : saver.await());
    }

    private void recordOutcome(BackgroundSaver.Outcome outcome) {
        if (outcome == null) {
            return;
        }
        if (outcome.failure() == null) {
            problem = null;
            onDisk = submitted;
            stop.saveTook(outcome.copySeconds() + outcome.writeSeconds());
            LOG.debug(
                    "Saved step {} ({} s to copy, {} s to write).",
                    outcome.step(),
                    outcome.copySeconds(),
                    outcome.writeSeconds());
            saved = saved.succeeded(
                    outcome.folder().getFileName().toString(),
                    outcome.step(),
                    Instant.now().toString(),
                    outcome.copySeconds(),
                    outcome.writeSeconds());
        } else {
            problem = describe(outcome.failure());
            mayWorkLater = outcome.failure() instanceof UncheckedIOException;
            if (toldOfRetry == 0) {
                LOG.error("Saving failed: {}. The next save will try again.", problem);
            }
            saved = saved.failed();
        }
        submitted = null;
    }

    /**
     * A failure in one line: its message. An error, and an exception without a message, are described with their class.
     */
    public static String describe(Throwable failure) {
        return failure instanceof Error || failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    /** What has been saved so far. */
    Saved saved() {
        recordOutcome(saver == null ? null : saver.poll());
        return saved;
    }

    /** Why the last save failed, or null. */
    String problem() {
        return problem;
    }

    @Override
    public void close() {
        if (saver != null) {
            awaitSaver();
            saver.close();
            history.close();
        }
    }
}
