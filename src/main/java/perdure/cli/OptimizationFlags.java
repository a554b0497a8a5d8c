package perdure.cli;

import perdure.train.AdamW;
import perdure.train.LearningRateSchedule;
import perdure.train.TrainingOptions.Batching;
import picocli.CommandLine.Option;

/** The flags that say how the weights are learnt. */
final class OptimizationFlags {
    /** Wider models want smaller steps: about one over the width (Yang et al. 2022, Tensor Programs V). */
    private static final double RATE_TIMES_WIDTH = 0.64;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "8",
            description = "Sequences in a micro-batch (default: ${DEFAULT-VALUE}).")
    int batchSize;

    @Option(
            names = "--grad-accum",
            paramLabel = "N",
            defaultValue = "1",
            description = "Micro-batches in an optimizer step (default: ${DEFAULT-VALUE}).")
    int gradientAccumulation;

    @Option(
            names = "--learning-rate",
            paramLabel = "R",
            description = "Peak learning rate (default: " + RATE_TIMES_WIDTH + " over --hidden-size).")
    Double learningRate;

    @Option(
            names = "--min-learning-rate",
            paramLabel = "R",
            description = "Learning rate at the end (default: a tenth of the peak).")
    Double minimumLearningRate;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            defaultValue = "100",
            description = "Steps in which the learning rate rises (default: ${DEFAULT-VALUE}).")
    long warmupSteps;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            defaultValue = "cosine",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    LearningRateSchedule.Kind schedule;

    @Option(
            names = "--weight-decay",
            paramLabel = "R",
            defaultValue = "0.1",
            description = "Decoupled weight decay of the matrices (default: ${DEFAULT-VALUE}).")
    double weightDecay;

    @Option(
            names = "--beta1",
            paramLabel = "R",
            defaultValue = "0.9",
            description = "Decay of AdamW's first moment (default: ${DEFAULT-VALUE}).")
    double beta1;

    @Option(
            names = "--beta2",
            paramLabel = "R",
            defaultValue = "0.95",
            description = "Decay of AdamW's second moment (default: ${DEFAULT-VALUE}).")
    double beta2;

    @Option(
            names = "--grad-clip",
            paramLabel = "R",
            defaultValue = "1.0",
            description = "Largest global norm of the gradients (default: ${DEFAULT-VALUE}).")
    double gradientClip;

    @Option(
            names = "--dropout",
            paramLabel = "R",
            defaultValue = "0.0",
            description = "Share of activations dropped while training (default: ${DEFAULT-VALUE}).")
    double dropout;

    void check() {
        adamW();
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("--dropout " + dropout + " is not from 0 up to, but not, 1.");
        }
    }

    AdamW.Settings adamW() {
        return new AdamW.Settings(beta1, beta2, AdamW.Settings.DEFAULT.epsilon(), weightDecay);
    }

    Batching batching() {
        return new Batching(batchSize, gradientAccumulation);
    }

    /** The schedule, for a model of that width, before the length of the run is known. */
    LearningRateSchedule schedule(int hiddenSize) {
        double peak = learningRate == null ? RATE_TIMES_WIDTH / hiddenSize : learningRate;
        double floor = minimumLearningRate == null ? peak / 10 : minimumLearningRate;
        return new LearningRateSchedule(schedule, peak, floor, warmupSteps, 1);
    }
}
