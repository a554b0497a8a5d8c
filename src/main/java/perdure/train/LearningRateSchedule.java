package perdure.train;

import java.util.Locale;

/**
 * The learning rate as a pure function of the step, so that a resumed run cannot drift from an uninterrupted one.
 *
 * @param peak rate after warm-up
 * @param floor rate at the end; not above the peak
 * @param warmupSteps steps of linear rise from 0 to the peak
 * @param shortWarmup whether they are a tenth of the whole run at most
 * @param totalSteps optimizer steps of the whole run
 */
public record LearningRateSchedule(
        Kind kind, double peak, double floor, long warmupSteps, boolean shortWarmup, long totalSteps) {

    /** The share of the run's steps, at its end, in which {@link Kind#WSD} decays. */
    static final double DECAY_SHARE = 0.2;

    /** What follows the warm-up. */
    public enum Kind {
        /** Half a cosine from peak to floor (Loshchilov and Hutter 2016, SGDR, without restarts). */
        COSINE,
        /** Warm-up, stable, decay: the peak, then a straight line to the floor (Hu et al. 2024, MiniCPM). */
        WSD,
        /** The peak to the end. */
        CONSTANT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public LearningRateSchedule {
        if (!(peak > 0) || peak > 1) {
            throw new IllegalArgumentException("learning rate " + peak + " is not above 0 and at most 1.");
        }
        if (!(floor >= 0) || floor > peak) {
            throw new IllegalArgumentException(
                    "minimum learning rate " + floor + " is not between 0 and the learning rate " + peak + ".");
        }
        if (warmupSteps < 0) {
            throw new IllegalArgumentException("warm-up of " + warmupSteps + " steps is negative.");
        }
        if (totalSteps < 1) {
            throw new IllegalArgumentException("total steps " + totalSteps + " is not a positive number.");
        }
    }

    /** The same schedule for a run of another length. */
    LearningRateSchedule over(long totalSteps) {
        return new LearningRateSchedule(kind, peak, floor, warmupSteps, shortWarmup, totalSteps);
    }

    /** Steps of linear rise in a run of this length. */
    public long warmup() {
        return shortWarmup ? Math.min(warmupSteps, Math.max(1, totalSteps / 10)) : warmupSteps;
    }

    /**
     * The rate of one optimizer step.
     *
     * @param step index from zero
     */
    public double at(long step) {
        long warmup = warmup();
        if (step < warmup) {
            return peak * (step + 1) / (warmup + 1);
        }
        double done = progress(step, warmup);
        return switch (kind) {
            case COSINE -> floor + (peak - floor) * 0.5 * (1 + StrictMath.cos(Math.PI * done));
            case WSD -> peak - (peak - floor) * progress(step, Math.max(warmup, decayStart()));
            case CONSTANT -> peak;
        };
    }

    private long decayStart() {
        return totalSteps - Math.round(totalSteps * DECAY_SHARE);
    }

    /** How far {@code step} is from {@code start} to the last step, 0…1. */
    private double progress(long step, long start) {
        return Math.min(1, Math.max(0, (double) (step - start) / Math.max(1, totalSteps - 1 - start)));
    }
}
