package perdure.train;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import perdure.checkpoint.TrainerState.Best;
import perdure.checkpoint.TrainerState.LossSum;
import perdure.checkpoint.TrainerState.Plan;
import perdure.checkpoint.TrainerState.Position;
import perdure.checkpoint.TrainerState.Session;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.Quality;
import perdure.status.TrainingProgress.Saved;
import perdure.status.TrainingProgress.Speed;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingStatus;

/**
 * Turns what the loop knows into what people and programs read: the published status, the console's bar and its lines.
 */
public final class Reporter {
    private final StatusPublisher publisher;
    private final ProgressConsole console;
    private final Supplier<String> sample;

    private Plan plan;
    private long stepsPerEpoch;
    private SessionClock clock;
    private Double learningRate;
    private Double gradientNorm;
    private Evaluator.Evaluation evaluation;

    /** @param sample makes a line or two of text with the model as it is, for a look at each epoch's end */
    public Reporter(StatusPublisher publisher, ProgressConsole console, Supplier<String> sample) {
        this.publisher = publisher;
        this.console = console;
        this.sample = sample;
    }

    /** Says where a resumed run goes on, and what a changed total does to its learning rate. */
    void announce(
            Plan before, Plan now, Position position, LearningRateSchedule schedule, LearningRateSchedule unscaled) {
        console.say(String.format(
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
        console.say(String.format(
                Locale.ROOT,
                "%s: the learning rate of step %,d is %.3g where it was to be %.3g,"
                        + " and the last one's, at step %,d, is %.3g.",
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

    void begin(Plan plan, long stepsPerEpoch, Position position, List<Session> earlier) {
        this.plan = plan;
        this.stepsPerEpoch = stepsPerEpoch;
        clock = new SessionClock(
                earlier, position.step(), position.tokens(), Instant.now().toString());
    }

    void step(double learningRate, double gradientNorm) {
        this.learningRate = learningRate;
        this.gradientNorm = gradientNorm;
    }

    /** Publishes the state; on the console it shows when it is time. */
    void publish(State state, Position position, LossSum loss, Best best, Saved saved, String message) {
        clock.tick(position.step(), position.tokens());
        boolean running = state.isRunning();
        int epoch = running ? Math.min(position.epoch() + 1, plan.epochs()) : position.epoch();
        Speed speed = clock.speed(plan.totalSteps());
        TrainingStatus status = new TrainingStatus(
                running,
                epoch,
                plan.epochs(),
                loss.tokens() == 0 ? null : loss.sum() / loss.tokens(),
                new TrainingProgress(
                        state,
                        message,
                        new TrainingProgress.Position(
                                position.step(),
                                plan.totalSteps(),
                                position.epochStep(),
                                stepsPerEpoch,
                                100.0 * position.step() / plan.totalSteps(),
                                position.tokens()),
                        speed,
                        new Quality(
                                learningRate,
                                gradientNorm,
                                best == null ? null : best.loss(),
                                evaluation == null ? null : evaluation.loss(),
                                evaluation == null ? null : evaluation.bitsPerByte()),
                        saved));
        publisher.publish(status);
        if (state == State.TRAINING) {
            console.update(status);
        } else if (state == State.DONE || state == State.STOPPED) {
            console.say(summary(status));
        }
    }

    /** What the run has come to, over all its processes. */
    private static String summary(TrainingStatus status) {
        TrainingProgress progress = status.progress();
        return String.format(
                Locale.ROOT,
                "%d of %d epochs, %,d steps and %,d tokens in %s%s. Best epoch loss %s. Saved: %s.",
                status.currentEpoch(),
                status.totalEpochs(),
                progress.position().step(),
                progress.position().tokens(),
                ProgressConsole.duration(Math.round(progress.speed().totalSeconds())),
                switch (progress.speed().restarts()) {
                    case 0 -> "";
                    case 1 -> ", carried on once";
                    default -> ", carried on " + progress.speed().restarts() + " times";
                },
                progress.quality().bestLoss() == null
                        ? "-"
                        : String.format(Locale.ROOT, "%.4f", progress.quality().bestLoss()),
                progress.saved().checkpoint());
    }

    /** A finished epoch: its losses and a sample, on lines of their own. */
    void epoch(int epoch, double loss, Evaluator.Evaluation evaluation) {
        this.evaluation = evaluation;
        Speed speed = clock.speed(plan.totalSteps());
        console.say(String.format(
                Locale.ROOT,
                "Epoch %d/%d: loss %.4f, validation loss %.4f (%.4f bits a byte), %,.0f tokens/s, %s",
                epoch + 1,
                plan.epochs(),
                loss,
                evaluation.loss(),
                evaluation.bitsPerByte(),
                speed.tokensPerSecond() == null ? 0 : speed.tokensPerSecond(),
                ProgressConsole.duration(Math.round(speed.totalSeconds()))));
        console.say("  " + printable(sample.get()).strip().replace("\n", "\n  "));
    }

    /** What a model of bytes makes up may hold what a terminal obeys. */
    private static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}&&[^\n\t]]", "\ufffd");
    }

    List<Session> sessions() {
        return clock.sessions();
    }
}
