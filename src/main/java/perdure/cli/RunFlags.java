package perdure.cli;

import perdure.cli.HelpSections.Heading;
import perdure.run.RunConfig;
import perdure.train.SaveInterval;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The flags of the run: its folder, its length, and when it saves. */
@Heading("Run")
final class RunFlags {
    @Mixin
    RunFolderFlag folder;

    @Option(
            names = "--steps-per-epoch",
            paramLabel = "N",
            description = "Ends each epoch after N optimizer steps (default: an epoch is the whole data once).")
    Long stepsPerEpoch;

    @Option(
            names = "--max-steps",
            paramLabel = "N",
            description = "Saves and stops after N optimizer steps in all (default: no limit).")
    Long maximumSteps;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "DURATION|STEPS",
            defaultValue = "60s",
            description = "How often to save inside an epoch: a time such as 500ms, 60s, 5m or 1h, or a number of"
                    + " steps. The end of an epoch is always saved (default: ${DEFAULT-VALUE}).")
    String checkpointEvery;

    @Option(
            names = "--keep",
            paramLabel = "K",
            description = "How many of the newest checkpoints to keep, at least 2. The best one is kept as well"
                    + " (default: ${DEFAULT-VALUE}).")
    int keep = RunConfig.Saving.DEFAULT.keep();

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "Seed of the initial weights, the data order and dropout (default: ${DEFAULT-VALUE}).")
    long seed = RunConfig.Length.DEFAULT.seed();

    @Option(
            names = "--accept-changes",
            description = "Resumes with other data, validation data, --batch-size, --grad-accum, --steps-per-epoch or"
                    + " --seed. This works only at the end of an epoch.")
    boolean acceptChanges;

    /** The configuration with the values of these flags. */
    RunConfig apply(RunConfig config) {
        RunConfig changed = config.seed(seed).acceptChanges(acceptChanges);
        changed = Flags.set("--steps-per-epoch", stepsPerEpoch, changed, changed::stepsPerEpoch);
        changed = Flags.set("--max-steps", maximumSteps, changed, changed::maximumSteps);
        SaveInterval interval = Flags.set("--checkpoint-every", checkpointEvery, SaveInterval::parse);
        changed = changed.checkpointEvery(interval);
        return Flags.set("--keep", keep, changed::keep);
    }
}
