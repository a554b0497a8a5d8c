package perdure.status;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The state of training at one moment: immutable, published to an atomic reference, read by anyone. Its JSON is exactly
 * the answer of {@code GET /training/status}.
 *
 * @param currentEpoch ordinal 1…N of the epoch in progress; while idle the number of finished epochs
 * @param totalEpochs the total to reach; 0 if no run is known
 * @param loss the training loss: running mean of the epoch in progress, in nats per token; null before the first step, never NaN
 * @param progress everything else that changes
 * @param run what does not change; null if no run is known
 * @param workers the processes that train together; null if there is one
 */
public record TrainingStatus(
        boolean running,
        @JsonProperty("current_epoch") int currentEpoch,
        @JsonProperty("total_epochs") int totalEpochs,
        Double loss,
        @JsonIgnore TrainingProgress progress,
        @JsonIgnore RunFacts run,
        @JsonIgnore WorkersStatus workers) {

    public TrainingStatus(boolean running, int currentEpoch, int totalEpochs, Double loss, TrainingProgress progress) {
        this(running, currentEpoch, totalEpochs, loss, progress, null);
    }

    /** Of one process. */
    public TrainingStatus(
            boolean running, int currentEpoch, int totalEpochs, Double loss, TrainingProgress progress, RunFacts run) {
        this(running, currentEpoch, totalEpochs, loss, progress, run, null);
    }

    /** A run is about to start, with the epoch of that ordinal. */
    public static TrainingStatus starting(int currentEpoch, int totalEpochs) {
        return new TrainingStatus(
                true, currentEpoch, totalEpochs, null, TrainingProgress.of(TrainingProgress.State.STARTING));
    }

    /** Nothing trains: {@code finishedEpochs} of {@code totalEpochs} are done. */
    public static TrainingStatus idle(int finishedEpochs, int totalEpochs) {
        return new TrainingStatus(
                false, finishedEpochs, totalEpochs, null, TrainingProgress.of(TrainingProgress.State.IDLE));
    }

    /** The same with a sentence for people, or with none if it is null. */
    public TrainingStatus withMessage(String message) {
        return new TrainingStatus(
                running,
                currentEpoch,
                totalEpochs,
                loss,
                new TrainingProgress(
                        progress.state(),
                        message,
                        progress.position(),
                        progress.speed(),
                        progress.quality(),
                        progress.saved(),
                        progress.lastEpoch(),
                        progress.evaluation()),
                run,
                workers);
    }

    /** The same of a run with these facts. */
    public TrainingStatus withRun(RunFacts facts) {
        return new TrainingStatus(running, currentEpoch, totalEpochs, loss, progress, facts, workers);
    }

    /** The same of a run that these processes train. */
    public TrainingStatus withWorkers(WorkersStatus processes) {
        return new TrainingStatus(running, currentEpoch, totalEpochs, loss, progress, run, processes);
    }

    /** A run ended before its first step: {@code state} and {@code message} say how. */
    public static TrainingStatus ended(
            TrainingProgress.State state, String message, int finishedEpochs, int totalEpochs) {
        return new TrainingStatus(false, finishedEpochs, totalEpochs, null, TrainingProgress.of(state))
                .withMessage(message);
    }
}
