package perdure.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import perdure.bench.ResumeCheck;
import perdure.bench.RunComparison;
import perdure.bench.WorkFolder;
import perdure.cli.HelpSections.Heading;
import perdure.run.BadInputException;
import perdure.run.RunConfig;
import perdure.train.TrainingOptions.Batching;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code verify-resume}: shows on the user's own data and machine that a killed run loses nothing. */
@Command(
        name = "verify-resume",
        customSynopsis = "perdure verify-resume --epochs N [OPTIONS]",
        description = {
            "Shows on your data that a killed run loses nothing.",
            "Trains a short run twice in temporary folders: once without a break, and once killed at random moments and"
                    + " resumed. Then compares every byte of the weights, the optimizer's moments and the loss"
                    + " history.",
            "With --ranks the second run is trained by several processes on this machine. One of them is killed each"
                    + " time, and the others must end by themselves.",
            "It takes the flags of train. --max-steps is 60 and --checkpoint-every is 5 unless given; --checkpoints and"
                    + " the flags of the server have no effect."
        },
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:Both runs are equal to the byte.",
            "1:They are not equal or a run failed, and their folders are kept; or nothing was killed.",
            "2:Bad usage or bad input: one line names the flag or file."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
@Heading("Check")
final class VerifyResumeCommand implements Callable<Integer> {
    private static final String MAXIMUM_STEPS = "--max-steps";
    private static final String CHECKPOINT_EVERY = "--checkpoint-every";
    private static final String NO_SERVER = "--no-server";

    /** Ends the run early where the user sets no limit. */
    private static final String DEFAULT_MAXIMUM_STEPS = "60";

    private static final String DEFAULT_CHECKPOINT_EVERY = "5";

    /** Flags that the child processes do not get: the check sets these itself. */
    private static final Set<String> NOT_HANDED_ON = Set.of(
            "--checkpoints",
            NO_SERVER,
            "--host",
            "--port",
            "--token",
            "--ranks",
            "--kills",
            "--kill-seed",
            "--keep-folders");

    /** Flags that the check gives to each process. */
    private static final List<String> SET_BY_RANKS = List.of("--rank", "--world-size", "--coordinator");

    @Spec
    CommandSpec command;

    @Option(
            names = "--kills",
            paramLabel = "N",
            defaultValue = "5",
            description = "How often the second run is killed (default: ${DEFAULT-VALUE}).")
    int kills;

    @Option(
            names = "--kill-seed",
            paramLabel = "S",
            description = "Seed of the moments at which it is killed" + " (default: random).")
    Long killSeed;

    @Option(
            names = "--ranks",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many processes train the second run: a power of two that divides --grad-accum"
                    + " (default: ${DEFAULT-VALUE}).")
    int ranks;

    @Option(names = "--keep-folders", description = "Keeps the folders and logs of both runs.")
    boolean keepFolders;

    @Mixin
    TrainCommand train;

    @Override
    public Integer call() {
        if (train.epochs == null) {
            throw new BadInputException("--epochs is required.");
        }
        for (String flag : SET_BY_RANKS) {
            if (command.commandLine().getParseResult().hasMatchedOption(flag)) {
                throw new BadInputException(flag + " is set by the check itself: say --ranks N.");
            }
        }
        long seed = killSeed == null ? new Random().nextInt(1_000_000) : killSeed;
        ResumeCheck alone = Flags.set("--kills", kills, number -> new ResumeCheck(trainFlags(), 1, number, seed));
        ResumeCheck check = Flags.set("--ranks", ranks, alone::ranks);
        Batching batching = train.flags
                .optimization
                .apply(RunConfig.in(Path.of("")))
                .optimization()
                .batching();
        Flags.set("--grad-accum", batching.accumulation(), number -> batching.share(ranks));
        System.out.println("verify-resume " + (ranks > 1 ? "--ranks " + ranks + " " : "") + "--kills " + kills
                + " --kill-seed " + seed + ": " + String.join(" ", check.flags()));
        try (WorkFolder work = WorkFolder.create("perdure-verify-", keepFolders)) {
            return run(check, work);
        }
    }

    private int run(ResumeCheck check, WorkFolder work) {
        try {
            ResumeCheck.Verdict verdict = check.run(work.path(), line -> System.out.println("  " + line));
            tell(verdict);
            if (!verdict.comparison().isEqual()) {
                work.keep();
            }
            return verdict.holds() ? 0 : 1;
        } catch (IllegalStateException failed) {
            work.keep();
            throw failed;
        } finally {
            if (work.isKept()) {
                System.out.println("Both runs are in " + work.path());
            }
        }
    }

    /** The flags as the user gave them, without those that the check sets itself. */
    private List<String> trainFlags() {
        List<String> flags = new ArrayList<>(GivenFlags.of(command.commandLine().getParseResult(), NOT_HANDED_ON)
                .flags());
        addUnlessGiven(flags, MAXIMUM_STEPS, DEFAULT_MAXIMUM_STEPS);
        addUnlessGiven(flags, CHECKPOINT_EVERY, DEFAULT_CHECKPOINT_EVERY);
        flags.add(NO_SERVER);
        return flags;
    }

    private static void addUnlessGiven(List<String> flags, String flag, String value) {
        if (!flags.contains(flag)) {
            Collections.addAll(flags, flag, value);
        }
    }

    private void tell(ResumeCheck.Verdict verdict) {
        for (RunComparison.Pair file : verdict.comparison().files()) {
            System.out.printf(
                    Locale.ROOT,
                    "  %-22s %,12d bytes  SHA-256 %s%s%n",
                    file.name(),
                    file.size(),
                    file.sha256(),
                    file.isEqual() ? "" : " against " + file.otherSha256() + ", from byte " + file.mismatch());
            if (!file.isEqual()) {
                System.out.println("    first difference: " + file.difference());
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%s: %d kills, %d steps repeated; %.1f s without a break, %.1f s with kills.%n",
                verdict.kills() == 0
                        ? "NOT PROVEN, the run ended before the first kill: raise " + MAXIMUM_STEPS
                        : verdict.holds() ? "EQUAL to the byte" : "NOT EQUAL",
                verdict.kills(),
                verdict.stepsRepeated(),
                verdict.unbrokenSeconds(),
                verdict.killedSeconds());
    }
}
