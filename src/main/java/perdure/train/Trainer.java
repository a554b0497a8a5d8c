package perdure.train;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.Restart;
import perdure.checkpoint.TrainerState;
import perdure.checkpoint.TrainerState.Best;
import perdure.checkpoint.TrainerState.LossSum;
import perdure.checkpoint.TrainerState.Plan;
import perdure.checkpoint.TrainerState.Position;
import perdure.checkpoint.TrainerState.Validation;
import perdure.data.Batch;
import perdure.data.BatchLoader;
import perdure.data.MicroBatches;
import perdure.device.DeviceMigrator;
import perdure.distributed.Workers;
import perdure.distributed.WorkersLostException;
import perdure.status.TrainingProgress.State;

/**
 * The training loop: epochs, steps, evaluation and saves in one visible sequence. It does not know who started it, who
 * watches, or where the text came from.
 */
public final class Trainer {

    /** Why {@link #run} returned. */
    public enum Outcome {
        /** All epochs are finished. */
        DONE,
        /** The maximum of steps is reached; everything is saved. */
        LIMIT,
        /** The validation loss has not fallen for as many evaluations as allowed; everything is saved. */
        OUT_OF_PATIENCE,
        /** A stop was requested; everything is saved. */
        STOPPED
    }

    /** The parts of a step that can be timed. */
    public enum Part {
        DATA,
        FORWARD,
        BACKWARD,
        OPTIMIZER
    }

    /**
     * The result of one optimizer step.
     *
     * @param lossSum sum of the token losses, in nats
     * @param tokens how many tokens that is
     * @param predictions tokens that were predicted, those included that the loss does not count
     * @param gradientNorm global L2 norm of the gradients before clipping
     */
    public record Step(double lossSum, long tokens, long predictions, double gradientNorm) {

        /** Mean loss in nats per token; 0 if none counts, as in windows of what a user says. */
        public double loss() {
            return lossSum / Math.max(1, tokens);
        }
    }

    /** A stop was requested, of this rank or of another. It is thrown where all ranks know, and ends the loop. */
    static final class StopRequested extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int reason;

        /** @param reason as {@link StopRequests#reason} */
        StopRequested(int reason) {
            super("A stop was requested.", null, false, false);
            this.reason = reason;
        }
    }

    /** The loss or the gradient norm of a step is not finite. Nothing was updated. */
    public static final class NotFiniteException extends IllegalStateException {
        private static final long serialVersionUID = 1;

        private final String what;
        private final double value;

        NotFiniteException(String what, double value, long step, long skipped) {
            super("The " + what + " at step " + step + " is " + value + ", and nothing was updated by it"
                    + (skipped == 0 ? "." : ", after " + skipped + " such steps that were skipped."));
            this.what = what;
            this.value = value;
        }
    }

    /** The update of the weights failed, which may have left them half updated: they cannot be saved. */
    static final class UpdateFailedException extends IllegalStateException {
        private static final long serialVersionUID = 1;

        UpdateFailedException(Throwable cause) {
            super("The update of the weights failed: " + RunWriter.describe(cause), cause);
        }
    }

    /**
     * A step that is begun.
     *
     * @param late whose loss and norm are not read; null: the step has them
     * @param after where it ends
     */
    private record Begun(Step step, BegunStep late, Position after, double learningRate) {}

    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

    /** How long the last save is tried again if a stop was asked for: longer than a supervisor waits. */
    private static final Duration PATIENCE_AFTER_STOP = Duration.ofMinutes(2);

    /** Between two tries of the last save. */
    private static final Duration RETRY = Duration.ofSeconds(5);

    /** Steps between two lines of the loss history. */
    static final int HISTORY_INTERVAL = 10;

    private static final Consumer<Part> UNTIMED = part -> {};

    // These never change.
    private final TrainingOptions options;
    private final Learner learner;
    private final BatchLoader batches;
    private final Evaluator evaluator;
    private final RunWriter writer;
    private final Reporter reporter;
    private final StopRequests stop;
    private final RandomState random;

    // Only the loop changes these.
    private LearningRateSchedule schedule;
    private Position position = new Position(0, 0, 0, 0, 0L);
    private LossSum loss = new LossSum(0, 0);
    private Best best;
    private Validation validation;
    private Begun ahead; // null: no step is begun that is not settled

    public Trainer(
            TrainingOptions options,
            Learner learner,
            BatchLoader batches,
            Evaluator evaluator,
            RunWriter writer,
            Reporter reporter,
            StopRequests stop) {
        this.options = options;
        this.learner = learner;
        this.batches = batches;
        this.evaluator = evaluator;
        this.writer = writer;
        this.reporter = reporter;
        this.stop = stop;
        random = new RandomState(learner.device());
    }

    /**
     * Trains from the position of {@code restart} to the last epoch or to a stop, then saves everything.
     *
     * <p>If it fails with the state between two steps in memory, that state is saved before the failure is thrown.
     *
     * @throws NotFiniteException if a loss or gradient norm is not finite
     * @throws IllegalStateException if the last save failed, and was not tried again or was given up
     */
    public Outcome run(Restart restart) {
        begin(restart);
        try {
            restore(restart.checkpoint());
            Outcome outcome = loopAndSave();
            reporter.publish(
                    outcome == Outcome.DONE ? State.FINISHED : State.STOPPED,
                    position,
                    epochSteps(),
                    loss,
                    best,
                    writer.saved(),
                    reason(outcome));
            return outcome;
        } catch (RuntimeException | Error failure) {
            fail(failure);
            throw failure;
        }
    }

    /** Why the run ended before its last epoch, for people; null if that needs no word. */
    private String reason(Outcome outcome) {
        return switch (outcome) {
            case DONE -> null;
            case LIMIT ->
                String.format(
                        Locale.ROOT,
                        "The limit of %,d steps is reached.",
                        options.limits().steps());
            case OUT_OF_PATIENCE -> "The validation loss no longer falls.";
            case STOPPED -> stop.count() > 0 ? null : "The time limit is reached.";
        };
    }

    private Outcome loopAndSave() {
        long first = position.step();
        stop.beginTraining();
        try {
            Outcome outcome = loop();
            saveLast();
            return outcome;
        } catch (UpdateFailedException halfUpdated) {
            throw halfUpdated.getCause() instanceof WorkersLostException lost ? lost : halfUpdated;
        } catch (RuntimeException | Error failure) {
            try {
                if (ahead != null) {
                    settle(takeAhead()); // The weights are those after it.
                }
                if (position.step() > first && canSave(failure)) {
                    saveLast();
                }
            } catch (RuntimeException | Error another) {
                failure.addSuppressed(another);
            }
            throw failure;
        }
    }

    /** Whether everything that a save needs is there after a failure: sharded moments are if all ranks end by it. */
    private boolean canSave(Throwable failure) {
        return !learner.optimizer().isSharded() || failure instanceof NotFiniteException;
    }

    private Outcome loop() {
        try {
            while (position.epoch() < options.epochs()) {
                DeviceMigrator.ensure(learner.model(), learner.device());
                validateIfDue();
                learner.model().train(true);
                while (position.epochStep() < epochSteps()) {
                    if (isOutOfPatience()) {
                        return Outcome.OUT_OF_PATIENCE;
                    }
                    if (isLimit(position)) {
                        return Outcome.LIMIT;
                    }
                    try {
                        Begun begun = ahead == null ? begin(position, null) : takeAhead();
                        try {
                            if (mayGoOn(begun.after)) {
                                ahead = begin(begun.after, begun.late);
                            }
                        } finally {
                            settle(begun);
                        }
                    } catch (NotFiniteException bad) {
                        forgetAhead();
                        skip(bad);
                    }
                    publish(State.TRAINING);
                    if (ahead == null) {
                        validateIfDue();
                        if (isSaveDue()) {
                            save();
                        }
                    }
                }
                finishEpoch(evaluate());
            }
            return Outcome.DONE;
        } catch (StopRequested stopped) {
            stop.heard(stopped.reason);
            return Outcome.STOPPED;
        }
    }

    /**
     * Begins the step at a position.
     *
     * @param before a step that is begun and not read; null: none
     */
    private Begun begin(Position at, BegunStep before) {
        Workers workers = learner.workers();
        BegunStep late = learner.runsAhead() ? new BegunStep(before) : null;
        double learningRate = schedule.at(at.step());
        Step step = step(
                learner,
                batches.microBatches(
                        at.epoch(), at.epochRows(), options.batch().accumulation(), workers.rank(), workers.world()),
                seedOfStep(at),
                learningRate,
                options.gradientClip(),
                stop::reason,
                UNTIMED,
                late);
        return new Begun(step, late, at.after(rowsAfterStep(at), step.predictions, false), learningRate);
    }

    /** Whether the step at a position may be begun before the one before it is settled: nothing else is due there. */
    private boolean mayGoOn(Position at) {
        return learner.runsAhead()
                && at.epochStep() < epochSteps(at)
                && !isLimit(at)
                && !options.validation().isDue(at.step())
                && !writer.isDue(at);
    }

    private boolean isLimit(Position at) {
        return options.limits().steps() > 0 && at.step() >= options.limits().steps();
    }

    private Begun takeAhead() {
        Begun taken = ahead;
        ahead = null;
        return taken;
    }

    /** Drops the step that is ahead of one that is not finite. It has updated nothing. */
    private void forgetAhead() {
        if (ahead != null) {
            takeAhead().late.close();
        }
        if (learner.runsAhead()) {
            learner.optimizer().steps(position.step() - position.skippedSteps());
        }
    }

    /** Waits for the numbers of a step, and goes on to where it ends. */
    private void settle(Begun begun) {
        Step step = begun.step;
        if (begun.late != null) {
            try (BegunStep late = begun.late) {
                double[] numbers = late.read();
                requireFinite("loss", numbers[0], position.step() + 1);
                requireFinite("gradient norm", numbers[1], position.step() + 1);
                step = new Step(numbers[0], step.tokens, step.predictions, numbers[1]);
            }
        }
        position = begun.after;
        loss = new LossSum(loss.sum() + step.lossSum(), loss.tokens() + step.tokens());
        learner.workers().finished(position.step());
        LOG.trace("Step {}.", position.step());
        if (position.step() % HISTORY_INTERVAL == 0) {
            writer.logStep(position, step.loss(), begun.learningRate, step.gradientNorm());
        }
        reporter.step(begun.learningRate, step.gradientNorm());
    }

    /**
     * Takes one optimizer step on the mean loss over the tokens of its micro-batches that count. The model must be in training
     * mode. Every rank computes its own micro-batches, and all end with the same weights.
     *
     * @param seed of the random numbers of the step
     * @param gradientClip largest global norm of the gradients
     * @param stop asked before each micro-batch, as {@link StopRequests#reason}
     * @param ended called with each part of the step when the part has ended
     * @throws StopRequested if a rank was asked to stop
     * @throws NotFiniteException if the loss or the gradient norm is not finite
     * @throws UpdateFailedException if the update failed. After every other failure weights and moments are as
     *     before
     */
    public static Step step(
            Learner learner,
            MicroBatches microBatches,
            long seed,
            double learningRate,
            double gradientClip,
            IntSupplier stop,
            Consumer<Part> ended) {
        return step(learner, microBatches, seed, learningRate, gradientClip, stop, ended, null);
    }

    /**
     * As above, but the step may only have begun when this returns.
     *
     * @param late keeps loss and norm, which alone then says whether they are finite; null: they are read
     */
    private static Step step(
            Learner learner,
            MicroBatches microBatches,
            long seed,
            double learningRate,
            double gradientClip,
            IntSupplier stop,
            Consumer<Part> ended,
            BegunStep late) {
        Optimizer optimizer = learner.optimizer();
        boolean updates = false;
        double scale = 1.0 / Math.max(1, microBatches.tokens());
        int leaves = learner.lanes().leaves();
        GradientTree tree = optimizer.gradients().tree();
        try {
            int first = microBatches.first();
            int end = first + microBatches.count();
            tree.begin(first * leaves, end * leaves);
            int next = first;
            StepSums sums = new StepSums(microBatches.count());
            for (Batch batch : microBatches.batches()) {
                learner.workers().check();
                sums.reason = stop.getAsInt();
                if (sums.reason != StopRequests.NONE) {
                    break;
                }
                sums.losses[next - first] = learner.accumulate(
                        batch, tree, next, seed, scale, late == null ? Tensor::item_double : late::addLoss, ended);
                sums.predictions += batch.predictions();
                next++;
            }
            if (sums.reason == StopRequests.NONE) {
                for (int missing = next * leaves; missing < end * leaves; missing++) {
                    tree.skip(missing);
                }
                tree.finish();
            } else {
                tree.abandon();
            }
            sums.gather(learner.workers());
            if (sums.reason != StopRequests.NONE) {
                throw new StopRequested(sums.reason);
            }
            double gradientNorm = 0;
            Tensor skip = null;
            try (PointerScope scope = new PointerScope()) {
                if (late == null) {
                    requireFinite("loss", sums.loss, optimizer.steps() + 1);
                    gradientNorm = optimizer.gradients().clip(gradientClip);
                    requireFinite("gradient norm", gradientNorm, optimizer.steps() + 1);
                } else {
                    skip = late.norm(optimizer.gradients().clipOnDevice(gradientClip));
                }
            }
            updates = true;
            optimizer.step(learningRate, skip);
            learner.weightsChanged();
            return new Step(sums.loss, microBatches.tokens(), sums.predictions, gradientNorm);
        } catch (RuntimeException | Error failure) {
            if (late != null) {
                late.close();
            }
            if (updates) {
                throw new UpdateFailedException(failure);
            }
            throw failure;
        } finally {
            optimizer.gradients().zero();
            ended.accept(Part.OPTIMIZER);
        }
    }

    /** What the ranks tell each other of a step: first this one's numbers, then those of all. */
    private static final class StepSums {
        private final double[] losses; // of this rank's micro-batches, in nats
        private double loss;
        private long predictions;
        private int reason = StopRequests.NONE;

        StepSums(int microBatches) {
            losses = new double[microBatches];
        }

        /** The losses are added up in the order of the micro-batches, whoever has computed which. */
        void gather(Workers workers) {
            double[] own = Arrays.copyOf(losses, losses.length + 2);
            own[losses.length] = predictions;
            own[losses.length + 1] = reason;
            double[] all = workers.gather(own);
            predictions = 0;
            for (int from = 0; from < all.length; from += own.length) {
                for (int i = 0; i < losses.length; i++) {
                    loss += all[from + i];
                }
                predictions += (long) all[from + losses.length];
                reason = StopRequests.common(reason, all[from + losses.length + 1]);
            }
        }
    }

    /** Follows from the run's seed and the step alone, so that a run that goes on draws what an unbroken one draws. */
    private long seedOfStep(Position at) {
        return new SplittableRandom(options.seed()).nextLong() + at.step();
    }

    private static void requireFinite(String what, double value, long step) {
        if (!Double.isFinite(value)) {
            throw new NotFiniteException(what, value, step, 0);
        }
    }

    /** Goes on without the update of a step, if that many may be skipped. */
    private void skip(NotFiniteException bad) {
        long skipped = position.skippedSteps();
        NotFiniteException placed = new NotFiniteException(bad.what, bad.value, position.step() + 1, skipped);
        if (skipped >= options.limits().badSteps()) {
            throw placed;
        }
        position = position.after(rowsAfterStep(position), 0, true);
        LOG.warn(
                "{} Skipped it: {} of at most {}.",
                placed.getMessage(),
                skipped + 1,
                options.limits().badSteps());
    }

    private long rowsAfterStep(Position at) {
        return Math.min(at.epochRows() + options.batch().rows(), batches.rows());
    }

    private Evaluator.Evaluation evaluate() {
        reporter.evaluating(null);
        publish(State.EVALUATING);
        return evaluator.evaluate(learner, stop::reason, progress -> {
            reporter.evaluating(progress);
            publish(State.EVALUATING);
        });
    }

    /**
     * Evaluates inside an epoch if that belongs to this step and was not done before: an evaluation that was stopped is
     * made up for. Saves if no loss was lower, so that the best checkpoint is there.
     */
    private void validateIfDue() {
        boolean inside = position.epochStep() > 0 && position.epochStep() < epochSteps();
        boolean done = validation != null && validation.step() >= position.step();
        if (!inside || done || !options.validation().isDue(position.step())) {
            return;
        }
        Evaluator.Evaluation evaluation = evaluate();
        record(evaluation);
        writer.logValidation(position, evaluation);
        reporter.validation(position, evaluation);
        reporter.rising(validation);
        if (validation != null && validation.bestStep() == position.step()) {
            save();
        }
        learner.model().train(true);
        publish(State.TRAINING);
    }

    private void record(Evaluator.Evaluation evaluation) {
        validation = Validation.after(validation, evaluation.loss(), position.step(), evaluation.tokens());
    }

    private boolean isOutOfPatience() {
        int patience = options.validation().patience();
        boolean out = patience > 0 && validation != null && validation.since() >= patience;
        if (out) {
            reporter.outOfPatience(validation);
        }
        return out;
    }

    /**
     * Saves the epoch before it is reported, so that a failure while the sample is generated does not lose the epoch.
     */
    private void finishEpoch(Evaluator.Evaluation evaluation) {
        int epoch = position.epoch();
        double epochLoss = loss.sum() / loss.tokens();
        // Not finite if every step of the epoch was skipped.
        if (Double.isFinite(epochLoss) && (best == null || epochLoss < best.loss())) {
            best = new Best(epochLoss, epoch);
        }
        record(evaluation);
        writer.logEpoch(position, epochLoss, evaluation);
        position = position.atEpoch(epoch + 1);
        loss = new LossSum(0, 0);
        save();
        reporter.epoch(epoch, epochLoss, evaluation);
        reporter.rising(validation);
    }

    /** Whether a save inside an epoch is due, which the first rank knows. */
    private boolean isSaveDue() {
        boolean due = writer.isDue(position);
        return learner.optimizer().isSharded() ? learner.workers().gather(due ? 1 : 0)[0] == 1 : due;
    }

    private void save() {
        TrainerState state = new TrainerState(
                position, loss, best, random.save(), plan(), writer.identity(), reporter.sessions(), validation);
        writer.save(learner, state);
    }

    /** Optimizer steps of the epoch in progress. */
    private long epochSteps() {
        return epochSteps(position);
    }

    private long epochSteps(Position at) {
        return options.stepsIn(batches.rows(), at.epochStep(), at.epochRows());
    }

    /** Sets the position in the run, the best epoch and the learning rate schedule. */
    private void begin(Restart restart) {
        Position found = restart.position();
        position = found.epochRows() == null
                ? found.withRows(found.epochStep() * options.batch().rows())
                : found;
        best = restart.best();
        long inThisEpoch = Math.max(0, epochSteps() - position.epochStep());
        long later = (options.epochs() - position.epoch() - 1) * options.stepsIn(batches.rows(), 0, 0);
        schedule = options.schedule().over(position.step() + inThisEpoch + later);
        Checkpoint checkpoint = restart.checkpoint();
        writer.begin(position, checkpoint == null ? null : checkpoint.name());
        List<TrainerState.Session> earlier =
                checkpoint == null ? List.of() : checkpoint.state().sessions();
        reporter.begin(
                plan(),
                position,
                earlier,
                options.validation(),
                evaluator.share(),
                options.limits().deadline());
        validation = checkpoint == null ? null : checkpoint.state().validation();
    }

    /** Seeds the random generators, then loads the saved state if there is one. */
    private void restore(Checkpoint checkpoint) {
        random.seed(options.seed());
        if (checkpoint != null) {
            TrainerState saved = checkpoint.state();
            if (learner.workers().isFirst()) {
                try (PointerScope scope = new PointerScope()) {
                    checkpoint.readTrained(learner.model().namedTrained());
                }
            }
            learner.optimizer().loadMoments(checkpoint::readMoments);
            learner.optimizer().steps(position.step() - position.skippedSteps());
            random.restore(saved.generators());
            if (position.epoch() == saved.position().epoch()) {
                loss = saved.loss();
            }
            reporter.announce(saved.plan(), plan(), position, schedule);
        }
        try (PointerScope scope = new PointerScope()) {
            learner.workers().broadcast(learner.model().namedTrained().values());
        }
        learner.weightsChanged();
        reporter.announceWarmUp(schedule);
        reporter.rising(validation);
        publish(State.TRAINING);
    }

    private Plan plan() {
        return new Plan(options.epochs(), schedule.totalSteps());
    }

    private void publish(State state) {
        reporter.publish(state, position, epochSteps(), loss, best, writer.saved(), writer.problem());
    }

    /**
     * Saves the end of the run or of this process. If that fails as a full or missing disk does, it is tried again until
     * it works, or until a stop is asked for after that was told: the state is still in memory. Whoever asked for a stop
     * before waits for two minutes at most.
     */
    private void saveLast() {
        learner.workers().goOnAlone(); // A slow disk takes longer than the loss of another rank may go unnoticed.
        publish(State.SAVING);
        int asked = Integer.MAX_VALUE;
        long end = stop.count() > 0 ? System.nanoTime() + PATIENCE_AFTER_STOP.toNanos() : Long.MAX_VALUE;
        while (!writer.hasSaved(position)) {
            save();
            if (!writer.hasSaved(position)) {
                if (!writer.mayWorkLater() || stop.count() > asked || System.nanoTime() > end) {
                    writer.requireSaved();
                }
                writer.tellOfRetry();
                asked = Math.min(asked, stop.count());
                publish(State.SAVING);
                stop.awaitMoreThan(asked, RETRY);
            }
        }
        writer.requireSaved();
    }

    private void fail(Throwable failure) {
        try {
            reporter.publish(
                    State.FAILED, position, epochSteps(), loss, best, writer.saved(), RunWriter.describe(failure));
        } catch (RuntimeException | Error another) {
            failure.addSuppressed(another);
        }
    }
}
