package perdure.status;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The details behind a {@link TrainingStatus}: how far the run is, its speed, its quality, and what is saved. Its JSON,
 * after the four keys of the status, is the answer of {@code GET /training/progress} and the content of {@code
 * training_status.json}.
 *
 * @param message a sentence for people where something needs one (a failed save, a fallback), else null
 * @param position how far the run is
 * @param lastEpoch the epoch that this process finished last; null if none
 * @param evaluation how far the evaluation in progress is; null if there is none
 */
public record TrainingProgress(
        State state,
        String message,
        Steps position,
        Speed speed,
        Quality quality,
        Saved saved,
        @JsonProperty("last_epoch") FinishedEpoch lastEpoch,
        Evaluation evaluation) {

    /** What the trainer is doing. */
    public enum State {
        IDLE,
        STARTING,
        TRAINING,
        EVALUATING,
        SAVING,
        STOPPED,
        /** Earlier versions wrote {@code done}. */
        @JsonAlias("done")
        FINISHED,
        FAILED;

        /** Whether the trainer is at work. */
        public boolean isRunning() {
            return this == STARTING || this == TRAINING || this == EVALUATING || this == SAVING;
        }
    }

    /**
     * Steps are optimizer steps.
     *
     * @param step finished in the run's whole life
     * @param totalSteps to reach; 0 if unknown
     * @param epochStep finished in the epoch in progress
     * @param epochSteps of a whole epoch
     * @param percent of the whole run, 0…100
     * @param tokens trained on in the run's whole life
     */
    public record Steps(
            long step,
            @JsonProperty("total_steps") long totalSteps,
            @JsonProperty("epoch_step") long epochStep,
            @JsonProperty("epoch_steps") long epochSteps,
            double percent,
            long tokens) {}

    /**
     * Rates are those of the last half minute of training; only {@code totalSeconds} spans restarts.
     *
     * @param tokensPerSecond null before the first step
     * @param etaSeconds estimated time to the end of the run; null before it can be known
     * @param restarts how often a new process resumed the run
     * @param memoryBytes resident memory of the process, including the Java heap; null if not known
     * @param gpu on which it trains; null, and no key in the JSON, if it is none or cannot be read
     */
    public record Speed(
            @JsonProperty("tokens_per_second") Double tokensPerSecond,
            @JsonProperty("eta_seconds") Long etaSeconds,
            @JsonProperty("session_seconds") double sessionSeconds,
            @JsonProperty("total_seconds") double totalSeconds,
            int restarts,
            @JsonProperty("memory_bytes") Long memoryBytes,
            @JsonInclude(JsonInclude.Include.NON_NULL) Gpu gpu) {

        /** On no GPU. */
        public Speed(
                Double tokensPerSecond,
                Long etaSeconds,
                double sessionSeconds,
                double totalSeconds,
                int restarts,
                Long memoryBytes) {
            this(tokensPerSecond, etaSeconds, sessionSeconds, totalSeconds, restarts, memoryBytes, null);
        }

        /** The same on a GPU. */
        public Speed on(Gpu newGpu) {
            return new Speed(tokensPerSecond, etaSeconds, sessionSeconds, totalSeconds, restarts, memoryBytes, newGpu);
        }
    }

    /**
     * A GPU, with what all processes on it use, read once per second.
     *
     * @param usedBytes of its memory
     * @param peakBytes the most that was read since this process began
     * @param totalBytes of its memory
     * @param utilization percent of the last moment in which it computed; null if it does not tell
     */
    public record Gpu(
            @JsonProperty("used_bytes") long usedBytes,
            @JsonProperty("peak_bytes") long peakBytes,
            @JsonProperty("total_bytes") long totalBytes,
            Integer utilization) {}

    /**
     * Losses are means in nats per token; null if not yet computed.
     *
     * @param bestLoss lowest training loss of an epoch in the run's whole life
     * @param rising that the validation loss rises; null if it does not, or not for as long as is to be told
     */
    public record Quality(
            @JsonProperty("learning_rate") Double learningRate,
            @JsonProperty("gradient_norm") Double gradientNorm,
            @JsonProperty("best_loss") Double bestLoss,
            @JsonProperty("validation_loss") Double validationLoss,
            @JsonProperty("bits_per_byte") Double bitsPerByte,
            Rising rising) {}

    /**
     * The validation loss was higher at each evaluation than at the one before.
     *
     * @param evaluations in a row, up to the last one
     * @param bestLoss lowest validation loss of the run, in nats per token
     * @param bestStep when it was measured; a checkpoint of that step is kept
     */
    public record Rising(
            int evaluations,
            @JsonProperty("best_loss") double bestLoss,
            @JsonProperty("best_step") long bestStep) {}

    /**
     * The last committed checkpoint, and counts of the saves of this process.
     *
     * @param checkpoint name of its folder; null if none
     * @param at time of the commit, ISO 8601
     * @param failures saves that failed
     * @param copySeconds total time that training waited for the successful saves
     * @param writeSeconds total time that writing them took, beside the training
     */
    public record Saved(
            String checkpoint,
            long step,
            String at,
            long saves,
            long failures,
            @JsonProperty("copy_seconds") double copySeconds,
            @JsonProperty("write_seconds") double writeSeconds) {

        /** Nothing was saved by this process; the run has {@code checkpoint}, or null. */
        public static Saved before(String checkpoint, long step) {
            return new Saved(checkpoint, step, null, 0, 0, 0, 0);
        }

        /** These counts after one more save, which is the last committed checkpoint now. */
        public Saved succeeded(String name, long savedStep, String time, double copied, double written) {
            return new Saved(name, savedStep, time, saves + 1, failures, copySeconds + copied, writeSeconds + written);
        }

        /** These counts after one more save that failed. */
        public Saved failed() {
            return new Saved(checkpoint, step, at, saves, failures + 1, copySeconds, writeSeconds);
        }
    }

    /**
     * An epoch that has finished. Losses are means in nats per token.
     *
     * @param epoch ordinal, from one
     * @param sample text that the model generated at its end, a line or two
     */
    public record FinishedEpoch(
            int epoch,
            double loss,
            @JsonProperty("validation_loss") double validationLoss,
            @JsonProperty("bits_per_byte") double bitsPerByte,
            String sample) {}

    /** How many of the batches of an evaluation are done. */
    public record Evaluation(long batch, long batches) {}

    /** Whether no part is missing that is always there. */
    boolean isComplete() {
        return state != null && position != null && speed != null && quality != null && saved != null;
    }

    /** The same in another state, with another sentence for people. */
    public TrainingProgress with(State newState, String newMessage) {
        return new TrainingProgress(newState, newMessage, position, speed, quality, saved, lastEpoch, null);
    }

    /** The progress of a process that has not trained. */
    public static TrainingProgress of(State state) {
        return new TrainingProgress(
                state,
                null,
                new Steps(0, 0, 0, 0, 0, 0),
                new Speed(null, null, 0, 0, 0, null),
                new Quality(null, null, null, null, null, null),
                Saved.before(null, 0),
                null,
                null);
    }
}
