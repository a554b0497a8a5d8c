package perdure.cli;

import java.nio.file.Path;
import perdure.checkpoint.Restart;
import perdure.cli.HelpSections.Heading;
import perdure.run.BadInputException;
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
            names = "--max-time",
            paramLabel = "DURATION",
            description = "Saves and stops so that everything is on disk that long after the start, such as 55m or"
                    + " 1h30m; the same command carries on. The end of a Slurm job is known without it (default: no"
                    + " limit).")
    String maximumTime;

    @Option(
            names = "--skip-bad-steps",
            paramLabel = "N",
            description = "Leaves out up to N steps of the run whose loss or gradient norm is not finite, and goes on"
                    + " (default: 0).")
    Long badSteps;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "DURATION|STEPS",
            description = "How often to save inside an epoch: a time such as 500ms, 60s, 1.5h or 2h30m, or a number of"
                    + " steps. The end of an epoch is always saved (default: 60s).")
    String checkpointEvery;

    @Option(
            names = "--keep",
            paramLabel = "K",
            description = "How many of the newest checkpoints to keep, at least 2. The best one is kept as well"
                    + " (default: 2).")
    Integer keep;

    @Option(
            names = "--keep-every",
            paramLabel = "STEPS",
            description = "Also keeps for good the first checkpoint at or after each multiple of so many steps"
                    + " (default: 0, none).")
    Long keepEvery;

    @Option(
            names = "--validate-every",
            paramLabel = "STEPS",
            description =
                    "Evaluates after so many steps each time, besides at each epoch's end (default: 0, only then).")
    Long validateEvery;

    @Option(
            names = "--validation-steps",
            paramLabel = "N",
            description = "Evaluates on N batches of the validation text, from its beginning (default: 0, all of it).")
    Long validationSteps;

    @Option(
            names = "--patience",
            paramLabel = "K",
            description = "Ends the run when K evaluations in a row have not lowered the validation loss"
                    + " (default: 0, never).")
    Integer patience;

    @Option(
            names = "--warn-after",
            paramLabel = "K",
            description = "Warns, here and on the page, when the validation loss has risen in K evaluations in a row"
                    + " (default: 3; 0: never).")
    Integer warnAfter;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "Seed of the initial weights, the data order and dropout (default: 1337).")
    Long seed;

    @Option(
            names = "--resume-from",
            paramLabel = "STEP",
            description =
                    "Goes back, once, to an earlier checkpoint, such as step-0000000040 or step-40. Newer ones are"
                            + " deleted, which needs --accept-changes; with --branch they stay.")
    String resumeFrom;

    @Option(
            names = "--branch",
            paramLabel = "NEWDIR",
            description = "Goes on in a new run folder, which begins with a copy of the newest checkpoint or that of"
                    + " --resume-from. The run of --checkpoints stays as it is.")
    Path branch;

    @Option(
            names = "--accept-changes",
            description = "Resumes with another number of sequences per step (--batch-size times --grad-accum), or"
                    + " another --steps-per-epoch, from the next step on; or with other data, validation data or"
                    + " --seed, which works only at the end of an epoch.")
    boolean acceptChanges;

    /** The folder to train in. */
    Path folder() {
        return branch == null ? folder.checkpoints : branch;
    }

    /**
     * The configuration to start from: what the run remembers, and the defaults of everything else.
     *
     * @param first whether this process has the run folder; another one need not see it
     */
    RunConfig remembered(boolean first) {
        Path from = folder.checkpoints;
        if (!first && !Flags.naming(() -> Restart.hasWeights(from))) {
            return Flags.naming(() -> RunConfig.resuming(folder())); // Rank 0 goes back, or branches off.
        }
        if (branch == null) {
            return resuming(from);
        }
        if (branch.toAbsolutePath().normalize().equals(from.toAbsolutePath().normalize())) {
            throw new BadInputException("--branch " + branch + " is the folder of --checkpoints itself.");
        }
        if (Flags.naming(() -> Restart.hasWeights(branch))) {
            return Flags.naming(() -> RunConfig.resuming(from).branch(branch));
        }
        if (!Flags.naming(() -> Restart.hasWeights(from))) {
            throw new BadInputException("--branch " + branch + ": " + from + " has no checkpoint to branch off.");
        }
        return resuming(from).branch(branch);
    }

    private RunConfig resuming(Path run) {
        return resumeFrom == null
                ? Flags.naming(() -> RunConfig.resuming(run))
                : Flags.set("--resume-from", resumeFrom, name -> RunConfig.resuming(run, name));
    }

    /** The moment by which everything is to be saved. */
    TimeLimit timeLimit() {
        return Flags.set("--max-time", maximumTime, TimeLimit::ofProcess);
    }

    /** The configuration with the values of these flags. */
    RunConfig apply(RunConfig config) {
        RunConfig changed = config.acceptChanges(acceptChanges);
        changed = Flags.set("--seed", seed, changed, changed::seed);
        changed = Flags.set("--steps-per-epoch", stepsPerEpoch, changed, changed::stepsPerEpoch);
        changed = Flags.set("--max-steps", maximumSteps, changed, changed::maximumSteps);
        changed = Flags.set("--skip-bad-steps", badSteps, changed, changed::skipBadSteps);
        changed = changed.deadline(timeLimit().end());
        RunConfig before = changed;
        changed = Flags.set(
                "--checkpoint-every",
                checkpointEvery,
                before,
                text -> before.checkpointEvery(SaveInterval.parse(text)));
        changed = Flags.set("--keep", keep, changed, changed::keep);
        changed = Flags.set("--keep-every", keepEvery, changed, changed::keepEvery);
        changed = Flags.set("--validate-every", validateEvery, changed, changed::validateEvery);
        changed = Flags.set("--validation-steps", validationSteps, changed, changed::validationSteps);
        changed = Flags.set("--patience", patience, changed, changed::patience);
        return Flags.set("--warn-after", warnAfter, changed, changed::warnAfter);
    }
}
