package perdure.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.bytedeco.javacpp.PointerScope;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.Restart;
import perdure.checkpoint.TrainerState;
import perdure.checkpoint.TrainerState.Best;
import perdure.checkpoint.TrainerState.LossSum;
import perdure.checkpoint.TrainerState.Plan;
import perdure.checkpoint.TrainerState.Position;
import perdure.data.Batch;
import perdure.data.BatchLoader;
import perdure.device.DeviceMigrator;
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
        /** {@code --max-steps} was reached; everything is saved. */
        LIMIT,
        /** Someone asked for it; everything is saved. */
        STOPPED
    }

    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

    /** Steps between two lines of the loss history. */
    private static final int HISTORY_INTERVAL = 10;

    // What never changes.
    private final TrainingOptions options;
    private final Learner learner;
    private final BatchLoader batches;
    private final Evaluator evaluator;
    private final RunWriter writer;
    private final Reporter reporter;
    private final BooleanSupplier stop;
    private final TrainStep trainStep;
    private final RandomState random;
    private final long stepsPerEpoch;

    // What the loop alone changes.
    private LearningRateSchedule schedule;
    private Position position = new Position(0, 0, 0, 0);
    private LossSum loss = new LossSum(0, 0);
    private Best best;

    public Trainer(
            TrainingOptions options,
            Learner learner,
            BatchLoader batches,
            Evaluator evaluator,
            RunWriter writer,
            Reporter reporter,
            BooleanSupplier stop) {
        this.options = options;
        this.learner = learner;
        this.batches = batches;
        this.evaluator = evaluator;
        this.writer = writer;
        this.reporter = reporter;
        this.stop = stop;
        trainStep = new TrainStep(learner, options.gradientClip());
        random = new RandomState(learner.device());
        stepsPerEpoch = options.stepsIn(batches.batches());
    }

    /** Trains from where {@code restart} says to the last epoch, or to a stop. */
    public Outcome run(Restart restart) {
        begin(restart);
        try {
            return loop();
        } catch (RuntimeException problem) {
            reporter.publish(State.FAILED, position, loss, best, writer.saved(), problem.getMessage());
            throw problem;
        }
    }

    private Outcome loop() {
        while (position.epoch() < options.epochs()) {
            DeviceMigrator.ensure(learner.model(), learner.device());
            learner.model().train(true);
            while (position.epochStep() < stepsPerEpoch) {
                if (options.maximumSteps() > 0 && position.step() >= options.maximumSteps()) {
                    return leave(Outcome.LIMIT);
                }
                if (!step()) {
                    return leave(Outcome.STOPPED);
                }
                if (writer.isDue(position)) {
                    save();
                }
            }
            publish(State.EVALUATING);
            Evaluator.Evaluation evaluation = evaluator.evaluate(learner, stop);
            if (evaluation == null) {
                return leave(Outcome.STOPPED);
            }
            finishEpoch(evaluation);
        }
        publish(State.SAVING);
        writer.requireSaved();
        publish(State.DONE);
        return Outcome.DONE;
    }

    /** Takes up the saved state, or seeds a fresh one. */
    private void begin(Restart restart) {
        random.seed(options.seed());
        position = restart.position();
        best = restart.best();
        long remaining = (long) (options.epochs() - position.epoch()) * stepsPerEpoch - position.epochStep();
        schedule = options.schedule().over(position.step() + remaining);
        Checkpoint checkpoint = restart.checkpoint();
        List<TrainerState.Session> earlier = List.of();
        if (checkpoint != null) {
            TrainerState saved = checkpoint.state();
            try (PointerScope scope = new PointerScope()) {
                checkpoint.readWeights(learner.model().namedTensors());
                checkpoint.readMoments(learner.optimizer().namedMoments());
            }
            learner.optimizer().steps(position.step());
            random.restore(saved.generators());
            if (position.epoch() == saved.position().epoch()) {
                loss = saved.loss();
            }
            earlier = saved.sessions();
            reporter.announce(saved.plan(), plan(), position, schedule, options.schedule());
        }
        writer.begin(position, checkpoint == null ? null : checkpoint.name());
        reporter.begin(plan(), stepsPerEpoch, position, earlier);
        publish(State.TRAINING);
    }

    private Plan plan() {
        return new Plan(options.epochs(), schedule.totalSteps());
    }

    /** One optimizer step; false, with nothing changed, if asked to stop. */
    private boolean step() {
        Map<String, String> before = random.save();
        double learningRate = schedule.at(position.step());
        TrainStep.Result result = trainStep.take(position.step() + 1, microBatches(), learningRate, stop);
        if (result == null) {
            random.restore(before);
            return false;
        }
        position = new Position(
                position.epoch(), position.epochStep() + 1, position.step() + 1, position.tokens() + result.tokens());
        loss = new LossSum(loss.sum() + result.lossSum(), loss.tokens() + result.tokens());
        if (position.step() % HISTORY_INTERVAL == 0) {
            writer.logStep(position, result.lossSum() / result.tokens(), learningRate, result.gradientNorm());
        }
        LOG.trace("Step {}.", position.step());
        reporter.step(learningRate, result.gradientNorm());
        publish(State.TRAINING);
        return true;
    }

    /** The micro-batches of the next step; the last step of an epoch may have fewer. */
    private List<Batch> microBatches() {
        int accumulation = options.batch().accumulation();
        long first = position.epochStep() * accumulation;
        List<Batch> step = new ArrayList<>();
        for (long index = first; index < Math.min(first + accumulation, batches.batches()); index++) {
            step.add(batches.batch(position.epoch(), index));
        }
        return step;
    }

    private void finishEpoch(Evaluator.Evaluation evaluation) {
        double epochLoss = loss.sum() / loss.tokens();
        if (best == null || epochLoss < best.loss()) {
            best = new Best(epochLoss, position.epoch());
        }
        writer.logEpoch(position, epochLoss, evaluation);
        reporter.epoch(position.epoch(), epochLoss, evaluation);
        position = new Position(position.epoch() + 1, 0, position.step(), position.tokens());
        loss = new LossSum(0, 0);
        save();
    }

    private void save() {
        TrainerState state =
                new TrainerState(position, loss, best, random.save(), plan(), writer.identity(), reporter.sessions());
        writer.save(learner, state);
    }

    private void publish(State state) {
        reporter.publish(state, position, loss, best, writer.saved(), writer.problem());
    }

    private Outcome leave(Outcome outcome) {
        if (!writer.hasSaved(position)) {
            save();
        }
        publish(State.SAVING);
        writer.requireSaved();
        publish(State.STOPPED);
        return outcome;
    }
}
