package perdure.checkpoint;

import java.util.List;
import java.util.Map;

/**
 * Everything besides weights and moments that the next process needs to carry on to the bit; the content of
 * {@code trainer_state.json}.
 *
 * @param position where the run is
 * @param loss sums of the epoch in progress, so that its mean stays right when it was interrupted
 * @param best the best finished epoch of the whole life of the run, or null before the first
 * @param generators random generator states by device type ({@code cpu}, {@code cuda}), base64
 * @param plan what the learning-rate schedule was computed for
 * @param identity what shapes the run, by flag or by name, as {@link RunIdentity} compares it
 * @param sessions the processes that trained this run, in order; the last one is still under way
 */
public record TrainerState(
        Position position,
        LossSum loss,
        Best best,
        Map<String, String> generators,
        Plan plan,
        Map<String, String> identity,
        List<Session> sessions) {

    /** Index of the last epoch that finished, or -1. */
    public int lastEpoch() {
        return position.epoch() - 1;
    }

    /**
     * @param epoch index, from zero, of the epoch in progress; at an epoch's end the next one
     * @param epochStep optimizer steps finished in that epoch
     * @param step optimizer steps finished in all
     * @param tokens trained on in all
     */
    public record Position(int epoch, long epochStep, long step, long tokens) {

        public Position {
            if (epoch < 0 || epochStep < 0 || step < epochStep || tokens < 0) {
                throw new IllegalArgumentException("There is no position at epoch " + epoch + ", step " + epochStep
                        + " of it, step " + step + " in all, after " + tokens + " tokens.");
            }
        }
    }

    /** Sum of the token losses, in nats, and how many tokens it is over. */
    public record LossSum(double sum, long tokens) {}

    /**
     * The least epoch loss.
     *
     * @param loss mean over the epoch's tokens, in nats
     * @param epoch its index, or -1 where only the loss is known
     */
    public record Best(double loss, int epoch) {}

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
