package perdure.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.opentest4j.TestAbortedException;
import perdure.bench.WorkFolder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Does to trainers what a bad year does to a machine, as often as is asked for, and counts what was lost. */
@Command(
        name = "torture",
        description = {
            "Kills, cuts off, fills up and damages tiny runs, also of several ranks, and compares each with an"
                    + " unbroken one.",
            "Exit codes: 0 all holds, 1 something does not. Parts that need root are skipped, and say so, without."
        },
        mixinStandardHelpOptions = true)
final class Torture implements Callable<Integer> {

    /** What can be done. */
    enum Part {
        KILLS,
        CUTS,
        PROOF,
        FAULTS,
        FULL,
        DAMAGE,
        RANKS
    }

    /** Power cuts without forces, which must lose something. */
    private static final int PROOF_CUTS = 4;

    private static final int FLIPS = 1000;

    @Parameters(description = "${COMPLETION-CANDIDATES}, in lower case too (default: all).", arity = "0..*")
    List<Part> parts = List.of(Part.values());

    @Option(
            names = "--count",
            defaultValue = "20",
            paramLabel = "N",
            description = "Kills, power cuts, and faults of ranks (default: ${DEFAULT-VALUE}; a long run: 200).")
    int count;

    @Option(names = "--seed", paramLabel = "S", description = "Seed of all moments (default: another each time).")
    Long seed;

    @Option(names = "--keep-folders", description = "Leave everything in place, also if all holds.")
    boolean keepFolders;

    private boolean holds = true;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Torture())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() {
        long used = seed == null ? new Random().nextInt(1_000_000) : seed;
        System.out.println("torture --count " + count + " --seed " + used);
        try (WorkFolder work = WorkFolder.create("perdure-torture-", keepFolders)) {
            ShortRun longer = ShortRun.train(work.path(), 20);
            ShortRun shorter = ShortRun.train(work.path(), 2);
            for (Part part : parts) {
                long start = System.nanoTime();
                try {
                    tell(part, start, perform(part, work.path(), longer, shorter, used));
                } catch (TestAbortedException skipped) {
                    tell(part, start, skipped.getMessage());
                } catch (IllegalStateException failed) {
                    tell(part, start, "BROKEN: " + failed.getMessage());
                }
            }
            if (!holds) {
                work.keep();
                System.out.println("Everything is in " + work.path());
            }
        }
        return holds ? 0 : 1;
    }

    private String perform(Part part, Path work, ShortRun longer, ShortRun shorter, long used) {
        return switch (part) {
            case KILLS -> KillTorture.run(longer, work, count, used).toString();
            case CUTS -> PowerCutTorture.run(longer, work, count, used).toString();
            case PROOF -> proof(longer, work, used);
            case FAULTS -> FaultTorture.run(shorter, work, used).toString();
            case FULL -> DiskFullTorture.run(longer, work);
            case DAMAGE -> DamageTorture.run(shorter.unbroken(), FLIPS, used);
            case RANKS -> RanksTorture.run(ShortRun.train(work, 10, RanksTorture.SHARED), work, count, used);
        };
    }

    /** What the power cuts find when nothing, or no folder, is forced: had they found nothing, they would prove nothing. */
    private static String proof(ShortRun run, Path work, long seed) {
        Tally nothing = PowerCutTorture.run(run, work, PROOF_CUTS, seed, "-Dperdure.force=off");
        Tally noFolder = PowerCutTorture.run(run, work, PROOF_CUTS, seed, "-Dperdure.force=files");
        boolean found = nothing.lost + nothing.unreadable > 0;
        return (found ? "HOLDS" : "BROKEN") + ": with nothing forced " + nothing.lost + " of " + nothing.afterSave
                + " power cuts lost a saved step and " + nothing.unreadable
                + " left an unreadable checkpoint; with no folder forced "
                + noFolder.lost + " of " + noFolder.afterSave + ".";
    }

    private void tell(Part part, long start, String result) {
        holds &= !result.startsWith("BROKEN");
        System.out.printf("%-6s %s (%d s)%n", part, result, (System.nanoTime() - start) / 1_000_000_000);
    }
}
