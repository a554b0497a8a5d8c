package perdure.train;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import perdure.checkpoint.TrainerState.Best;
import perdure.checkpoint.TrainerState.LossSum;
import perdure.checkpoint.TrainerState.Plan;
import perdure.checkpoint.TrainerState.Position;
import perdure.checkpoint.TrainerState.Session;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.FinishedEpoch;
import perdure.status.TrainingProgress.Quality;
import perdure.status.TrainingProgress.Saved;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingProgress.Steps;
import perdure.status.TrainingStatus;

/**
 * Builds the status that others read from what the training loop knows. It also says in a sentence where a run resumes.
 */
public final class Reporter {
    private final Consumer<TrainingStatus> listener;
    private final Consumer<String> messages;
    private final Supplier<String> sample;

    private Plan plan;
    private SessionClock clock;
    private Double learningRate;
    private Double gradientNorm;
    private FinishedEpoch lastEpoch;

    /**
     * @param listener receives every status
     * @param messages receives sentences for people, one line each
     * @param sample generates a line or two of text with the current model, at each epoch's end
     */
    public Reporter(Consumer<TrainingStatus> listener, Consumer<String> messages, Supplier<String> sample) {
        this.listener = listener;
        this.messages = messages;
        this.sample = sample;
    }

    /** Says where a run resumes. If its total of steps has changed, says how the learning rate changes. */
    void announce(
            Plan before, Plan now, Position position, LearningRateSchedule schedule, LearningRateSchedule unscaled) {
        messages.accept(String.format(
                Locale.ROOT,
                "Resuming at epoch %d/%d, after step %,d.",
                Math.min(position.epoch() + 1, now.epochs()),
                now.epochs(),
                position.step()));
        if (before.totalSteps() == now.totalSteps()) {
            return;
        }
        LearningRateSchedule old = unscaled.over(before.totalSteps());
        long step = position.step();
        messages.accept(String.format(
                Locale.ROOT,
                "%s: the learning rate of step %,d is %.3g instead of %.3g, and that of the last step, %,d, is %.3g.",
                change(before, now),
                step + 1,
                schedule.at(step),
                old.at(step),
                now.totalSteps(),
                schedule.at(now.totalSteps() - 1)));
    }

    private static String change(Plan before, Plan now) {
        if (before.epochs() == now.epochs()) {
            return String.format(
                    Locale.ROOT,
                    "%d epochs are %,d steps now and were %,d",
                    now.epochs(),
                    now.totalSteps(),
                    before.totalSteps());
        }
        return (now.epochs() > before.epochs() ? "Extending" : "Shortening") + " the run from " + before.epochs()
                + " to " + now.epochs() + " epochs";
    }

    void begin(Plan plan, Position position, List<Session> earlier) {
        this.plan = plan;
        clock = new SessionClock(
                earlier, position.step(), position.tokens(), Instant.now().toString());
    }

    void step(double learningRate, double gradientNorm) {
        this.learningRate = learningRate;
        this.gradientNorm = gradientNorm;
    }

    /** Publishes a status with this state. */
    void publish(
            State state, Position position, long epochSteps, LossSum loss, Best best, Saved saved, String message) {
        clock.tick(position.step(), position.tokens());
        boolean running = state.isRunning();
        int epoch = running ? Math.min(position.epoch() + 1, plan.epochs()) : position.epoch();
        listener.accept(new TrainingStatus(
                running,
                epoch,
                plan.epochs(),
                loss.tokens() == 0 ? null : loss.sum() / loss.tokens(),
                new TrainingProgress(
                        state,
                        message,
                        new Steps(
                                position.step(),
                                plan.totalSteps(),
                                position.epochStep(),
                                epochSteps,
                                100.0 * position.step() / plan.totalSteps(),
                                position.tokens()),
                        clock.speed(plan.totalSteps()),
                        new Quality(
                                learningRate,
                                gradientNorm,
                                best == null ? null : best.loss(),
                                lastEpoch == null ? null : lastEpoch.validationLoss(),
                                lastEpoch == null ? null : lastEpoch.bitsPerByte()),
                        saved,
                        lastEpoch)));
    }

    /** Records a finished epoch: its losses, and a sample of text from the current model. */
    void epoch(int epoch, double loss, Evaluator.Evaluation evaluation) {
        lastEpoch = new FinishedEpoch(
                epoch + 1, loss, evaluation.loss(), evaluation.bitsPerByte(), printable(sample.get()));
    }

    /** Replaces control characters: the text of a byte-level model may contain terminal escape sequences. */
    private static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}&&[^\n\t]]", "\ufffd");
    }

    List<Session> sessions() {
        return clock.sessions();
    }
}
