package perdure.run;

import perdure.distributed.Workers;
import perdure.model.LanguageModel;
import perdure.train.AdamW;
import perdure.train.Lanes;
import perdure.train.LearningRateSchedule;
import perdure.train.Optimizer;
import perdure.train.ShardedAdamW;
import perdure.train.TrainingOptions.Batching;

/**
 * How the weights are trained.
 *
 * @param batching shape of an optimizer step
 * @param learningRate peak; 0: {@value #RATE_TIMES_WIDTH} divided by the hidden size, or, of a model that is fine-tuned,
 *     {@value FineTuning#USUAL_LEARNING_RATE}
 * @param minimumLearningRate at the end of the run; negative: a tenth of the peak
 * @param warmupSteps steps in which the learning rate rises; negative: {@value #USUAL_WARMUP_STEPS}, and of a model that
 *     is fine-tuned a tenth of all steps at most
 * @param schedule how the learning rate goes on after the warm-up
 * @param adamW constants of the optimizer
 * @param gradientClip largest global norm of the gradients; 0: no limit
 * @param dropout probability that an activation is dropped while training
 */
public record Optimization(
        Batching batching,
        double learningRate,
        double minimumLearningRate,
        long warmupSteps,
        LearningRateSchedule.Kind schedule,
        AdamW.Settings adamW,
        double gradientClip,
        double dropout) {

    /**
     * Wider models need smaller learning rates: about in proportion to 1 / width (Yang et al. 2022, Tensor Programs V).
     */
    public static final double RATE_TIMES_WIDTH = 0.64;

    static final long USUAL_WARMUP_STEPS = 100;

    public static final Optimization DEFAULT = new Optimization(
            new Batching(8, 1), 0, -1, -1, LearningRateSchedule.Kind.COSINE, AdamW.Settings.DEFAULT, 1.0, 0);

    public Optimization {
        if (!(gradientClip >= 0)) {
            throw new IllegalArgumentException("gradient clip " + gradientClip + " is not zero or a positive number.");
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("dropout " + dropout + " is not at least 0 and below 1.");
        }
    }

    /** Sequences per micro-batch. */
    public Optimization batchSize(int sequences) {
        return with(new Batching(sequences, batching.accumulation()));
    }

    /** Micro-batches per optimizer step. */
    public Optimization gradientAccumulation(int microBatches) {
        return with(new Batching(batching.size(), microBatches));
    }

    private Optimization with(Batching other) {
        return new Optimization(
                other, learningRate, minimumLearningRate, warmupSteps, schedule, adamW, gradientClip, dropout);
    }

    public Optimization learningRate(double peak) {
        if (!(peak > 0 && peak <= 1)) {
            throw new IllegalArgumentException("learning rate " + peak + " is not above 0 and at most 1.");
        }
        return new Optimization(
                batching, peak, minimumLearningRate, warmupSteps, schedule, adamW, gradientClip, dropout);
    }

    public Optimization minimumLearningRate(double floor) {
        if (!(floor >= 0 && floor <= 1)) {
            throw new IllegalArgumentException("minimum learning rate " + floor + " is not from 0 to 1.");
        }
        return new Optimization(batching, learningRate, floor, warmupSteps, schedule, adamW, gradientClip, dropout);
    }

    public Optimization warmupSteps(long steps) {
        if (steps < 0) {
            throw new IllegalArgumentException("warm-up of " + steps + " steps is negative.");
        }
        return new Optimization(
                batching, learningRate, minimumLearningRate, steps, schedule, adamW, gradientClip, dropout);
    }

    public Optimization schedule(LearningRateSchedule.Kind kind) {
        return new Optimization(
                batching, learningRate, minimumLearningRate, warmupSteps, kind, adamW, gradientClip, dropout);
    }

    public Optimization adamW(AdamW.Settings settings) {
        return new Optimization(
                batching, learningRate, minimumLearningRate, warmupSteps, schedule, settings, gradientClip, dropout);
    }

    public Optimization gradientClip(double norm) {
        return new Optimization(
                batching, learningRate, minimumLearningRate, warmupSteps, schedule, adamW, norm, dropout);
    }

    public Optimization dropout(double probability) {
        return new Optimization(
                batching, learningRate, minimumLearningRate, warmupSteps, schedule, adamW, gradientClip, probability);
    }

    /** The optimizer of a model that is on its device. */
    Optimizer optimizer(LanguageModel model, Lanes lanes, Workers workers) {
        return adamW.sharded()
                ? new ShardedAdamW(model, adamW, lanes, workers)
                : new AdamW(model, adamW, lanes, workers);
    }

    /**
     * The learning rate schedule, before the length of the run is known.
     *
     * @param usualPeak learning rate if none was set
     * @param shortWarmup whether the usual warm-up is a tenth of all steps at most
     */
    LearningRateSchedule rates(double usualPeak, boolean shortWarmup) {
        double peak = learningRate == 0 ? usualPeak : learningRate;
        double floor = minimumLearningRate < 0 ? peak / 10 : minimumLearningRate;
        boolean usual = warmupSteps < 0;
        return new LearningRateSchedule(
                schedule, peak, floor, usual ? USUAL_WARMUP_STEPS : warmupSteps, usual && shortWarmup, 1);
    }
}
