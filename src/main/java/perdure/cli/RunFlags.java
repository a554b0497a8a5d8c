package perdure.cli;

import perdure.run.RunConfig;
import perdure.train.SaveInterval;
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
            description = "Newest checkpoints to keep, at least 2; the best one stays too (default: ${DEFAULT-VALUE}).")
    int keep = RunConfig.Saving.DEFAULT.keep();

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "Seed of weights, data order and dropout (default: ${DEFAULT-VALUE}).")
    long seed = RunConfig.Length.DEFAULT.seed();

    @Option(
            names = "--accept-changes",
            description = "Carry on, from an epoch's boundary, with other data or another batch geometry.")
    boolean acceptChanges;

    /** The configuration with what these flags say. */
    RunConfig apply(RunConfig config) {
        RunConfig changed = config.seed(seed).acceptChanges(acceptChanges);
        changed = Flags.set("--steps-per-epoch", stepsPerEpoch, changed, changed::stepsPerEpoch);
        changed = Flags.set("--max-steps", maximumSteps, changed, changed::maximumSteps);
        SaveInterval interval = Flags.set("--checkpoint-every", checkpointEvery, SaveInterval::parse);
        changed = changed.checkpointEvery(interval);
        return Flags.set("--keep", keep, changed::keep);
    }
}
