package perdure.train;

import java.time.Duration;
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
import perdure.checkpoint.TrainerState.Validation;
import perdure.device.GpuMeter;
import perdure.device.ResidentMemory;
import perdure.status.RunFacts;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.FinishedEpoch;
import perdure.status.TrainingProgress.Gpu;
import perdure.status.TrainingProgress.Quality;
import perdure.status.TrainingProgress.Rising;
import perdure.status.TrainingProgress.Saved;
import perdure.status.TrainingProgress.Speed;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingProgress.Steps;
import perdure.status.TrainingStatus;

/**
 * Builds the status that others read from what the training loop knows. It also says in a sentence where a run resumes.
 */
public final class Reporter {
    private static final long MEMORY_INTERVAL = Duration.ofSeconds(1).toNanos();

    private final Consumer<TrainingStatus> listener;
    private final Consumer<String> messages;
    private final Supplier<String> sample;
    private final LearningRateSchedule former;
    private final RunFacts facts;
    private final GpuMeter meter;

    private Plan plan;
    private SessionClock clock;
    private Double learningRate;
    private Double gradientNorm;
    private FinishedEpoch lastEpoch;
    private Evaluator.Evaluation lastEvaluation;
    private TrainingProgress.Evaluation evaluation;
    private long validateEvery;
    private int warnAfter;
    private Rising rising;
    private FirstSteps firstSteps;
    private Long memoryBytes;
    private Gpu gpu;
    private long memoryRead;

    /**
     * @param listener receives every status
     * @param messages receives sentences for people, one line each
     * @param sample generates a line or two of text with the current model, at each epoch's end
     * @param facts what does not change while this process trains
     * @param former the learning rate schedule with which the run was saved, of any length; null if it is not known
     * @param meter of the GPU that is trained on; null: none
     */
    public Reporter(
            Consumer<TrainingStatus> listener,
            Consumer<String> messages,
            Supplier<String> sample,
            RunFacts facts,
            LearningRateSchedule former,
            GpuMeter meter) {
        this.listener = listener;
        this.messages = messages;
        this.sample = sample;
        this.facts = facts;
        this.former = former;
        this.meter = meter;
    }

    /** Says where a run resumes, and how the learning rate goes on if that is not as it was planned. */
    void announce(Plan before, Plan now, Position position, LearningRateSchedule schedule) {
        messages.accept(String.format(
                Locale.ROOT,
                "Resuming at epoch %d/%d, after step %,d.",
                Math.min(position.epoch() + 1, now.epochs()),
                now.epochs(),
                position.step()));
        LearningRateSchedule old = (former == null ? schedule : former).over(before.totalSteps());
        if (old.equals(schedule)) {
            return;
        }
        long step = position.step();
        messages.accept(String.format(
                Locale.ROOT,
                "%s: the learning rate of step %,d %s, and that of the last step, %,d, is %.3g.",
                before.totalSteps() == now.totalSteps() ? "With these settings" : change(before, now),
                step + 1,
                old.at(step) == schedule.at(step)
                        ? String.format(Locale.ROOT, "stays %.3g", schedule.at(step))
                        : String.format(Locale.ROOT, "is %.3g instead of %.3g", schedule.at(step), old.at(step)),
                now.totalSteps(),
                schedule.at(now.totalSteps() - 1)));
    }

    /** Says so if the learning rate never reaches its peak. */
    void announceWarmUp(LearningRateSchedule schedule) {
        if (schedule.warmup() >= schedule.totalSteps()) {
            messages.accept(String.format(
                    Locale.ROOT,
                    "The warm-up of %,d steps is as long as the run of %,d or longer: the learning rate rises to %.3g"
                            + " and never reaches its peak %.3g.",
                    schedule.warmup(),
                    schedule.totalSteps(),
                    schedule.at(schedule.totalSteps() - 1),
                    schedule.peak()));
        }
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

    /**
     * @param validation when the run evaluates
     * @param share of the validation text that an evaluation reads
     * @param deadline by which everything is saved; null: none
     */
    void begin(
            Plan plan,
            Position position,
            List<Session> earlier,
            TrainingOptions.Validation validation,
            double share,
            Instant deadline) {
        this.plan = plan;
        validateEvery = validation.every();
        warnAfter = validation.warnAfter();
        firstSteps = new FirstSteps(facts == null ? 0 : facts.validationTokens() * share, deadline, System::nanoTime);
        clock = new SessionClock(
                earlier, position.step(), position.tokens(), Instant.now().toString(), System::nanoTime);
    }

    void step(double learningRate, double gradientNorm) {
        this.learningRate = learningRate;
        this.gradientNorm = gradientNorm;
    }

    /** Publishes a status with this state. */
    void publish(
            State state, Position position, long epochSteps, LossSum loss, Best best, Saved saved, String message) {
        clock.tick(state, position.step(), position.tokens());
        firstSteps
                .after(state, position.step(), position.tokens(), plan.totalSteps(), evaluationsLeft(position))
                .forEach(messages);
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
                        speed(position),
                        new Quality(
                                learningRate,
                                gradientNorm,
                                best == null ? null : best.loss(),
                                lastEvaluation == null ? null : lastEvaluation.loss(),
                                lastEvaluation == null ? null : lastEvaluation.bitsPerByte(),
                                rising),
                        saved,
                        lastEpoch,
                        state == State.EVALUATING ? evaluation : null),
                facts));
    }

    /** Memory is read at most once per second, since steps may be short. */
    private Speed speed(Position position) {
        long now = System.nanoTime();
        if (memoryRead == 0 || now - memoryRead > MEMORY_INTERVAL) {
            long bytes = ResidentMemory.bytes();
            memoryBytes = bytes < 0 ? null : bytes;
            gpu = meter == null ? null : gpu(meter.read());
            memoryRead = now;
        }
        return clock.speed(plan.totalSteps(), evaluationsLeft(position), memoryBytes)
                .on(gpu);
    }

    private Gpu gpu(GpuMeter.Reading reading) {
        long peak = gpu == null ? 0 : gpu.peakBytes();
        return reading == null
                ? gpu
                : new Gpu(
                        reading.usedBytes(),
                        Math.max(peak, reading.usedBytes()),
                        reading.totalBytes(),
                        reading.utilization());
    }

    private long evaluationsLeft(Position position) {
        long inside = validateEvery == 0 ? 0 : Math.max(0, plan.totalSteps() - position.step()) / validateEvery;
        return Math.max(0, plan.epochs() - position.epoch()) + inside;
    }

    /** How far the evaluation in progress is; null before it begins. */
    void evaluating(TrainingProgress.Evaluation progress) {
        evaluation = progress;
    }

    /** Records an evaluation inside an epoch. */
    void validation(Position position, Evaluator.Evaluation result) {
        lastEvaluation = result;
        messages.accept(String.format(
                Locale.ROOT,
                "Step %,d: validation loss %.4f (%.4f bits per byte).",
                position.step(),
                result.loss(),
                result.bitsPerByte()));
    }

    /**
     * Says so once if the validation loss has risen for as many evaluations as allowed, and again where a run is
     * resumed.
     *
     * @param validation what is known after an evaluation or at a start; null before the first
     */
    void rising(Validation validation) {
        boolean before = rising != null;
        rising = warnAfter == 0 || validation == null || validation.risen() < warnAfter
                ? null
                : new Rising(validation.risen(), validation.bestLoss(), validation.bestStep());
        if (rising != null && !before) {
            messages.accept(String.format(
                    Locale.ROOT,
                    "Warning: the validation loss has risen in %d evaluation%s in a row, which means that the model learns"
                            + " its text by heart. The lowest is %.4f, of checkpoint step-%d. Stop, or let patience end"
                            + " the run.",
                    rising.evaluations(),
                    rising.evaluations() == 1 ? "" : "s",
                    rising.bestLoss(),
                    rising.bestStep()));
        }
    }

    /** Says that the run ends, since the validation loss no longer falls. */
    void outOfPatience(Validation validation) {
        messages.accept(String.format(
                Locale.ROOT,
                "The validation loss has not fallen in %d evaluation%s; the lowest is %.4f, of step %,d.",
                validation.since(),
                validation.since() == 1 ? "" : "s",
                validation.bestLoss(),
                validation.bestStep()));
    }

    /** Records a finished epoch: its losses, and a sample of text from the current model. */
    void epoch(int epoch, double loss, Evaluator.Evaluation evaluation) {
        lastEvaluation = evaluation;
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
