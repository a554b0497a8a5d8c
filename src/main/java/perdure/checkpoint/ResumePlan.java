package perdure.checkpoint;

/**
 * Which epochs a run still has to do: {@code start = last_epoch + 1}, {@code remaining = max(0, epochs - start)}.
 *
 * @param lastEpoch index of the last epoch that finished, -1 if none
 * @param epochs total to reach, counted from one
 */
public record ResumePlan(int lastEpoch, int epochs) {

    public ResumePlan {
        if (lastEpoch < -1 || lastEpoch > Meta.MAXIMUM_EPOCH) {
            throw new IllegalArgumentException(
                    "last_epoch " + lastEpoch + " is not from -1 to " + Meta.MAXIMUM_EPOCH + ".");
        }
        if (epochs < 1) {
            throw new IllegalArgumentException("--epochs " + epochs + " is not a positive number.");
        }
    }

    /** Index of the first epoch that has not finished. */
    public int start() {
        return lastEpoch + 1;
    }

    /** How many epochs are to be finished. */
    public int remaining() {
        return Math.max(0, epochs - start());
    }

    /** In one line; people count epochs from one. */
    public String message() {
        if (remaining() == 0) {
            return "Requested epochs already completed (last=" + lastEpoch + "). Skipping training.";
        }
        String range = remaining() == 1 ? "epoch " + epochs : "epochs " + (start() + 1) + " to " + epochs;
        return (start() == 0 ? "Training " : "Resuming with ") + range + " of " + epochs + ".";
    }
}
