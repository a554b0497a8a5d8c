package perdure.cli;

import perdure.cli.HelpSections.Heading;
import perdure.run.FineTuning;
import perdure.run.Optimization;
import perdure.run.RunConfig;
import perdure.train.AdamW;
import perdure.train.LearningRateSchedule;
import picocli.CommandLine.Option;

/** The flags that say how the weights are trained. */
@Heading("Optimisation")
final class OptimizationFlags {
    @Option(names = "--batch-size", paramLabel = "N", description = "Sequences per micro-batch (default: 8).")
    Integer batchSize;

    @Option(
            names = "--grad-accum",
            paramLabel = "N",
            description = "Micro-batches per optimizer step; their gradients are added up (default: 1).")
    Integer gradientAccumulation;

    @Option(
            names = "--learning-rate",
            paramLabel = "R",
            description = "Peak learning rate (default: " + Optimization.RATE_TIMES_WIDTH
                    + " divided by --hidden-size; with --from " + FineTuning.USUAL_LEARNING_RATE + ", with --lora "
                    + FineTuning.USUAL_LORA_LEARNING_RATE + ").")
    Double learningRate;

    @Option(
            names = "--min-learning-rate",
            paramLabel = "R",
            description = "Learning rate at the end of the run (default: a tenth of the peak).")
    Double minimumLearningRate;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            description =
                    "Steps in which the learning rate rises from 0 to its peak (default: 100, and with --from at most a"
                            + " tenth of all steps).")
    Long warmupSteps;

    @Option(
            names = "--schedule",
            paramLabel = "cosine|wsd|constant",
            description = {
                "How the learning rate goes on after the warm-up (default: cosine).",
                "cosine: it falls along half a cosine to --min-learning-rate.",
                "wsd: it stays at the peak, and falls in a straight line in the last fifth of the run.",
                "constant: it stays at the peak."
            })
    LearningRateSchedule.Kind schedule;

    @Option(
            names = "--weight-decay",
            paramLabel = "R",
            description = "Decoupled weight decay (AdamW) of the weight matrices (default: 0.1).")
    Double weightDecay;

    @Option(names = "--beta1", paramLabel = "R", description = "Decay rate of AdamW's first moment (default: 0.9).")
    double beta1 = Optimization.DEFAULT.adamW().beta1();

    @Option(names = "--beta2", paramLabel = "R", description = "Decay rate of AdamW's second moment (default: 0.95).")
    double beta2 = Optimization.DEFAULT.adamW().beta2();

    @Option(
            names = "--grad-clip",
            paramLabel = "R",
            description =
                    "Largest norm of all gradients together; larger ones are scaled down to it. 0 scales none down (default:"
                            + " 1).")
    Double gradientClip;

    @Option(
            names = "--dropout",
            paramLabel = "R",
            description = "Probability that an activation is dropped while training (default: 0).")
    Double dropout;

    @Option(
            names = "--recompute",
            paramLabel = "true|false",
            arity = "0..1",
            fallbackValue = "true",
            description = "Keeps only the inputs of the layers for the backward pass, and computes their inside again"
                    + " there: less memory, 1.3 times the time, the same bytes (default: false).")
    Boolean recompute;

    @Option(
            names = "--leaves",
            paramLabel = "N",
            description =
                    "Into how many parts of whole rows a micro-batch is cut on a CPU. One thread computes a part, so"
                            + " more threads than parts gain little. The bytes depend on this number and not on that of the"
                            + " threads (default: as many as suit the batch and the cores).")
    Integer leaves;

    /** The configuration with the values of the flags that were given; the records check them. */
    RunConfig apply(RunConfig config) {
        RunConfig changed = config.optimization(this::apply);
        RunConfig before = Flags.set("--recompute", recompute, changed, changed::recompute);
        return Flags.set("--leaves", leaves, before, before::leaves);
    }

    private Optimization apply(Optimization before) {
        Optimization optimization = before;
        optimization = Flags.set("--batch-size", batchSize, optimization, optimization::batchSize);
        optimization =
                Flags.set("--grad-accum", gradientAccumulation, optimization, optimization::gradientAccumulation);
        optimization = Flags.set("--learning-rate", learningRate, optimization, optimization::learningRate);
        optimization =
                Flags.set("--min-learning-rate", minimumLearningRate, optimization, optimization::minimumLearningRate);
        optimization = Flags.set("--warmup-steps", warmupSteps, optimization, optimization::warmupSteps);
        optimization = Flags.set("--schedule", schedule, optimization, optimization::schedule);
        AdamW.Settings adamW = optimization.adamW();
        adamW = Flags.set("--weight-decay", weightDecay, adamW, adamW::weightDecay);
        adamW = Flags.set("--beta1", beta1, adamW, adamW::beta1);
        adamW = Flags.set("--beta2", beta2, adamW, adamW::beta2);
        optimization = optimization.adamW(adamW);
        optimization = Flags.set("--grad-clip", gradientClip, optimization, optimization::gradientClip);
        return Flags.set("--dropout", dropout, optimization, optimization::dropout);
    }
}
