package perdure.cli;

import perdure.cli.HelpSections.Heading;
import perdure.run.Optimization;
import perdure.train.AdamW;
import perdure.train.LearningRateSchedule;
import picocli.CommandLine.Option;

/** The flags that say how the weights are trained. */
@Heading("Optimisation")
final class OptimizationFlags {
    @Option(
            names = "--batch-size",
            paramLabel = "N",
            description = "Sequences per micro-batch (default: ${DEFAULT-VALUE}).")
    int batchSize = Optimization.DEFAULT.batching().size();

    @Option(
            names = "--grad-accum",
            paramLabel = "N",
            description = "Micro-batches per optimizer step; their gradients are added up (default: ${DEFAULT-VALUE}).")
    int gradientAccumulation = Optimization.DEFAULT.batching().accumulation();

    @Option(
            names = "--learning-rate",
            paramLabel = "R",
            description =
                    "Peak learning rate (default: " + Optimization.RATE_TIMES_WIDTH + " divided by --hidden-size).")
    Double learningRate;

    @Option(
            names = "--min-learning-rate",
            paramLabel = "R",
            description = "Learning rate at the end of the run (default: a tenth of the peak).")
    Double minimumLearningRate;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            description = "Steps in which the learning rate rises from 0 to its peak (default: ${DEFAULT-VALUE}).")
    long warmupSteps = Optimization.DEFAULT.warmupSteps();

    @Option(
            names = "--schedule",
            paramLabel = "cosine|wsd|constant",
            description = {
                "How the learning rate goes on after the warm-up (default: ${DEFAULT-VALUE}).",
                "cosine: it falls along half a cosine to --min-learning-rate.",
                "wsd: it stays at the peak, and falls in a straight line in the last fifth of the run.",
                "constant: it stays at the peak."
            })
    LearningRateSchedule.Kind schedule = Optimization.DEFAULT.schedule();

    @Option(
            names = "--weight-decay",
            paramLabel = "R",
            description = "Decoupled weight decay (AdamW) of the weight matrices (default: ${DEFAULT-VALUE}).")
    double weightDecay = Optimization.DEFAULT.adamW().weightDecay();

    @Option(
            names = "--beta1",
            paramLabel = "R",
            description = "Decay rate of AdamW's first moment (default: ${DEFAULT-VALUE}).")
    double beta1 = Optimization.DEFAULT.adamW().beta1();

    @Option(
            names = "--beta2",
            paramLabel = "R",
            description = "Decay rate of AdamW's second moment (default: ${DEFAULT-VALUE}).")
    double beta2 = Optimization.DEFAULT.adamW().beta2();

    @Option(
            names = "--grad-clip",
            paramLabel = "R",
            description = "Largest norm of all gradients together; larger ones are scaled down to it (default:"
                    + " ${DEFAULT-VALUE}).")
    double gradientClip = Optimization.DEFAULT.gradientClip();

    @Option(
            names = "--dropout",
            paramLabel = "R",
            description = "Probability that an activation is dropped while training (default: ${DEFAULT-VALUE}).")
    double dropout = Optimization.DEFAULT.dropout();

    /** The settings; the records check them. */
    Optimization optimization() {
        Optimization optimization = Optimization.DEFAULT;
        optimization = Flags.set("--batch-size", batchSize, optimization::batchSize);
        optimization = Flags.set("--grad-accum", gradientAccumulation, optimization::gradientAccumulation);
        optimization = Flags.set("--learning-rate", learningRate, optimization, optimization::learningRate);
        optimization =
                Flags.set("--min-learning-rate", minimumLearningRate, optimization, optimization::minimumLearningRate);
        optimization = Flags.set("--warmup-steps", warmupSteps, optimization::warmupSteps);
        optimization = optimization.schedule(schedule);
        AdamW.Settings adamW = AdamW.Settings.DEFAULT;
        adamW = Flags.set("--weight-decay", weightDecay, adamW::weightDecay);
        adamW = Flags.set("--beta1", beta1, adamW::beta1);
        adamW = Flags.set("--beta2", beta2, adamW::beta2);
        optimization = optimization.adamW(adamW);
        optimization = Flags.set("--grad-clip", gradientClip, optimization::gradientClip);
        return Flags.set("--dropout", dropout, optimization::dropout);
    }
}
