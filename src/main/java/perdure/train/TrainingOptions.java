package perdure.train;

import java.time.Instant;

/**
 * The settings of a run. They never change while the run lasts.
 *
 * @param epochs total number of epochs to reach
 * @param stepsPerEpoch most optimizer steps per epoch; 0: the whole data once
 * @param limits of the process
 * @param batch size of an optimizer step
 * @param schedule learning rate schedule; the trainer sets its total steps
 * @param gradientClip largest global norm of the gradients; 0: no limit
 * @param validation when to evaluate, on how much, and when to give up
 * @param seed of the data order, the initial weights and dropout
 */
public record TrainingOptions(
        int epochs,
        long stepsPerEpoch,
        Limits limits,
        Batching batch,
        LearningRateSchedule schedule,
        double gradientClip,
        Validation validation,
        long seed) {

    /**
     * What ends a process before the run's end. It does not shape the run.
     *
     * @param steps optimizer steps in all after which it stops; 0: no limit
     * @param deadline by which everything is saved; null: none
     * @param badSteps optimizer steps of the whole run that may be skipped since their loss or gradient norm is not
     *     finite
     */
    public record Limits(long steps, Instant deadline, long badSteps) {
        public static final Limits NONE = new Limits(0, null, 0);

        public Limits {
            if (steps < 0) {
                throw new IllegalArgumentException("maximum of steps " + steps + " is not a positive number.");
            }
            if (badSteps < 0) {
                throw new IllegalArgumentException("number of bad steps to skip " + badSteps + " is negative.");
            }
        }
    }

    /** Size of one optimizer step: {@code accumulation} micro-batches of {@code size} rows. */
    public record Batching(int size, int accumulation) {
        public Batching {
            requirePositive("batch size", size);
            requirePositive("gradient accumulation", accumulation);
        }

        /** Rows of an optimizer step. */
        public long rows() {
            return (long) size * accumulation;
        }

        /**
         * How many micro-batches of a step each of some ranks computes.
         *
         * @throws IllegalArgumentException if it is not the same number on all
         */
        public int share(int ranks) {
            if (accumulation % ranks != 0) {
                throw new IllegalArgumentException("grad accum " + accumulation + " cannot be shared evenly by " + ranks
                        + " ranks: each trains on as many micro-batches of a step.");
            }
            return accumulation / ranks;
        }
    }

    /**
     * When the model is evaluated on the validation text, besides at each epoch's end.
     *
     * @param every optimizer steps between evaluations inside an epoch; 0: none
     * @param batches of an evaluation; 0: the whole text
     * @param patience evaluations without a lower loss after which the run ends; 0: never
     * @param warnAfter evaluations in a row with a rising loss after which that is told; 0: never
     */
    public record Validation(long every, long batches, int patience, int warnAfter) {
        public static final Validation DEFAULT = new Validation(0, 0, 0, 3);

        public Validation {
            if (every < 0 || batches < 0 || patience < 0 || warnAfter < 0) {
                throw new IllegalArgumentException(
                        "validation every " + every + " steps, of " + batches + " batches, with patience " + patience
                                + ", told after " + warnAfter + ", has a negative number.");
            }
        }

        public Validation every(long steps) {
            return new Validation(steps, batches, patience, warnAfter);
        }

        public Validation batches(long number) {
            return new Validation(every, number, patience, warnAfter);
        }

        public Validation patience(int evaluations) {
            return new Validation(every, batches, evaluations, warnAfter);
        }

        public Validation warnAfter(int evaluations) {
            return new Validation(every, batches, patience, evaluations);
        }

        /** Whether an evaluation inside an epoch belongs to that step. */
        boolean isDue(long step) {
            return every > 0 && step % every == 0;
        }
    }

    public TrainingOptions {
        requirePositive("epochs", epochs);
        if (stepsPerEpoch < 0) {
            throw new IllegalArgumentException("steps per epoch " + stepsPerEpoch + " is not a positive number.");
        }
        if (!(gradientClip >= 0)) {
            throw new IllegalArgumentException("gradient clip " + gradientClip + " is not zero or a positive number.");
        }
    }

    /**
     * Optimizer steps of an epoch, with those that were taken with another batch geometry.
     *
     * @param rows of the epoch
     * @param steps of it that have been taken
     * @param taken rows that those steps have trained on
     */
    public long stepsIn(long rows, long steps, long taken) {
        long whole = steps + (Math.max(0, rows - taken) + batch.rows() - 1) / batch.rows();
        return stepsPerEpoch == 0 ? whole : Math.min(stepsPerEpoch, whole);
    }

    /** @throws IllegalArgumentException that names the value, if it is not positive */
    public static void requirePositive(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " " + value + " is not a positive number.");
        }
    }
}
