package perdure.checkpoint;

import java.util.List;
import java.util.Map;

/**
 * Everything besides weights and moments that the next process needs to carry on to the bit; the content of
 * {@code trainer_state.json}.
 *
 * @param position where the run is
 * @param loss sums of the epoch in progress, so that its mean stays right when it was interrupted
 * @param generators random generator states by device type ({@code cpu}, {@code cuda}), base64
 * @param plan what the learning-rate schedule was computed for
 * @param identity fingerprints of data and tokenizer and the value of every flag that shapes the run, by flag name
 * @param sessions the processes that trained this run, in order; the last one is still under way
 */
public record TrainerState(
        Position position,
        LossSum loss,
        Map<String, String> generators,
        Plan plan,
        Map<String, String> identity,
        List<Session> sessions) {

    /**
     * @param epoch index, from zero, of the epoch in progress; at an epoch's end the next one
     * @param epochStep optimizer steps finished in that epoch
     * @param step optimizer steps finished in all
     * @param tokens trained on in all
     */
    public record Position(int epoch, long epochStep, long step, long tokens) {}

    /** Sum of the token losses, in nats, and how many tokens it is over. */
    public record LossSum(double sum, long tokens) {}

    /** The total that was asked for, in epochs and optimizer steps. */
    public record Plan(int epochs, long totalSteps) {}

    /**
     * One process's share of the run.
     *
     * @param firstStep the step it began after
     * @param startedAt ISO 8601
     * @param seconds it has trained
     */
    public record Session(long firstStep, String startedAt, double seconds, long tokens) {}
}
