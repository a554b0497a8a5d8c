package perdure.cli;

import perdure.checkpoint.CheckpointStore;
import perdure.train.SaveInterval;
import perdure.train.TrainingOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The flags that say where and how a run runs. */
final class RunFlags {
    @Mixin
    RunFolderFlag folder;

    @Option(
            names = "--steps-per-epoch",
            paramLabel = "N",
            description = "Caps an epoch at N optimizer steps (default: the whole data once).")
    Long stepsPerEpoch;

    @Option(
            names = "--max-steps",
            paramLabel = "N",
            description = "Stop after N optimizer steps in all, as if asked to stop.")
    Long maximumSteps;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "DURATION|STEPS",
            defaultValue = "60s",
            description = "Saving inside an epoch; an epoch's end always saves (default: ${DEFAULT-VALUE}).")
    String checkpointEvery;

    @Option(
            names = "--keep",
            paramLabel = "K",
            defaultValue = "2",
            description = "Newest checkpoints to keep, at least 2; the best one stays too (default: ${DEFAULT-VALUE}).")
    int keep;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1337",
            description = "Seed of weights, data order and dropout (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(
            names = "--accept-changes",
            description = "Carry on, from an epoch's boundary, with other data or another batch geometry.")
    boolean acceptChanges;

    TrainingOptions options(int epochs, OptimizationFlags optimization, ModelFlags shape) {
        CheckpointStore.requireKept(keep);
        return new TrainingOptions(
                epochs,
                positiveOrNone("--steps-per-epoch", stepsPerEpoch),
                positiveOrNone("--max-steps", maximumSteps),
                optimization.batching(),
                optimization.schedule(shape.hiddenSize),
                optimization.gradientClip,
                SaveInterval.parse(checkpointEvery),
                seed);
    }

    private static long positiveOrNone(String flag, Long value) {
        if (value != null && value < 1) {
            throw new IllegalArgumentException(flag + " " + value + " is not a positive number.");
        }
        return value == null ? 0 : value;
    }
}
