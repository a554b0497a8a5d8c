package perdure.train;

import java.time.Instant;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
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
 * Puts a run on disk: its states, by a thread of their own, and its loss history. A save that fails is told and does
 * not end the run: the checkpoint before stands, and the next save may find room again.
 */
public final class RunWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunWriter.class);

    private final BackgroundSaver saver;
    private final LossHistory history;
    private final SaveInterval interval;
    private final TokenizerFiles tokenizer;
    private final Map<String, String> identity;

    private Position onDisk;
    private Position submitted;
    private long lastTry = System.nanoTime();
    private long lastTriedStep;
    private Saved saved = Saved.before(null, 0);
    private String problem;

    /** @param identity what shapes the run, recorded with every state */
    public RunWriter(
            CheckpointStore store,
            LossHistory history,
            SaveInterval interval,
            TokenizerFiles tokenizer,
            Map<String, String> identity) {
        this.saver = new BackgroundSaver(store);
        this.history = history;
        this.interval = interval;
        this.tokenizer = tokenizer;
        this.identity = identity;
    }

    Map<String, String> identity() {
        return identity;
    }

    /** The run goes on from this position, which is that of {@code checkpoint}, or of none if that is null. */
    void begin(Position position, String checkpoint) {
        onDisk = checkpoint == null ? null : position;
        lastTry = System.nanoTime();
        lastTriedStep = position.step();
        saved = Saved.before(checkpoint, checkpoint == null ? 0 : position.step());
    }

    void logStep(Position position, double loss, double learningRate, double gradientNorm) {
        history.append(new LossCurve.Step(
                position.step(), position.epoch(), loss, learningRate, gradientNorm, position.tokens()));
    }

    void logEpoch(Position position, double loss, Evaluator.Evaluation evaluation) {
        history.append(new LossCurve.Epoch(
                position.step(), position.epoch(), loss, evaluation.loss(), evaluation.bitsPerByte()));
    }

    /** Whether a save inside an epoch is due and none is under way. */
    boolean isDue(Position position) {
        return interval.isDue(System.nanoTime() - lastTry, position.step() - lastTriedStep) && !isSaving();
    }

    private boolean isSaving() {
        take(saver.poll());
        return submitted != null;
    }

    /** Copies the state and begins to write it, after the save under way if there is one. */
    public void save(Learner learner, TrainerState state) {
        take(saver.await());
        try (PointerScope scope = new PointerScope()) {
            saver.submit(new Snapshot(
                    learner.model().config(),
                    learner.model().namedTensors(),
                    learner.optimizer().namedMoments(),
                    state,
                    tokenizer));
        }
        submitted = state.position();
        lastTry = System.nanoTime();
        lastTriedStep = submitted.step();
    }

    /** Waits for the save under way; whether this position is on disk now. */
    boolean hasSaved(Position position) {
        take(saver.await());
        return position.equals(onDisk);
    }

    /**
     * Waits for the save under way.
     *
     * @throws IllegalStateException if the last save failed, so that the run's end is not on disk
     */
    public void requireSaved() {
        take(saver.await());
        if (problem != null) {
            throw new IllegalStateException(problem);
        }
    }

    private void take(BackgroundSaver.Outcome outcome) {
        if (outcome == null) {
            return;
        }
        if (outcome.failure() == null) {
            problem = null;
            onDisk = submitted;
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
            LOG.error("{}: training goes on, and the next save will try again.", problem);
            saved = saved.failed();
        }
        submitted = null;
    }

    /** What to tell of a failure: its message, or its class where there is none, or where the message alone says little. */
    static String describe(Throwable failure) {
        return failure instanceof Error || failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    /** What is safe on disk, as of now. */
    Saved saved() {
        take(saver.poll());
        return saved;
    }

    /** Why the last save failed, or null. */
    String problem() {
        return problem;
    }

    @Override
    public void close() {
        take(saver.await());
        saver.close();
        history.close();
    }
}
