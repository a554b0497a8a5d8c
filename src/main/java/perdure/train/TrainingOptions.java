package perdure.train;

/**
 * What a run was asked to do; it never changes while the run lasts.
 *
 * @param epochs the total to reach
 * @param stepsPerEpoch optimizer steps that cap an epoch; 0: the whole data once
 * @param maximumSteps optimizer steps in all after which the run stops; 0: none
 * @param batch shape of an optimizer step
 * @param schedule learning rate; the trainer sets its total steps
 * @param gradientClip largest global norm of the gradients
 * @param saveInterval how often to save inside an epoch
 * @param seed of data order, weights and dropout
 */
public record TrainingOptions(
        int epochs,
        long stepsPerEpoch,
        long maximumSteps,
        Batching batch,
        LearningRateSchedule schedule,
        double gradientClip,
        SaveInterval saveInterval,
        long seed) {

    /**
     * Shape of one optimizer step: {@code accumulation} micro-batches of {@code size} rows.
     */
    public record Batching(int size, int accumulation) {
        public Batching {
            requirePositive("batch size", size);
            requirePositive("gradient accumulation", accumulation);
        }
    }

    public TrainingOptions {
        requirePositive("epochs", epochs);
        if (stepsPerEpoch < 0) {
            throw new IllegalArgumentException("steps per epoch " + stepsPerEpoch + " is not a positive number.");
        }
        if (maximumSteps < 0) {
            throw new IllegalArgumentException("maximum of steps " + maximumSteps + " is not a positive number.");
        }
        if (!(gradientClip > 0)) {
            throw new IllegalArgumentException("gradient clip " + gradientClip + " is not a positive number.");
        }
    }

    /** Optimizer steps of an epoch of so many micro-batches. */
    long stepsIn(long microBatches) {
        long whole = (microBatches + batch.accumulation() - 1) / batch.accumulation();
        return stepsPerEpoch == 0 ? whole : Math.min(stepsPerEpoch, whole);
    }

    /** @throws IllegalArgumentException that names the value, if it is not positive */
    public static void requirePositive(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " " + value + " is not a positive number.");
        }
    }
}
