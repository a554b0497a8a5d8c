package perdure.cli;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import perdure.bench.TrainingProcess;
import perdure.checkpoint.FaultPoint;

/** Stops a trainer once at every point of a commit, and lets the disk fail there once. */
final class FaultTorture {

    private static final List<String> FLAGS = List.of("--no-server", "--checkpoint-every", "20");

    /** Reached several times in a save. */
    private static final Set<FaultPoint> FREQUENT =
            EnumSet.of(FaultPoint.CREATE_FILE, FaultPoint.WRITE_FILE, FaultPoint.FORCE_FILE);

    private static final int HALTED = 137;

    private FaultTorture() {}

    static Tally run(ShortRun run, Path work, long seed) {
        Tally tally = new Tally("faults");
        Random random = new Random(seed);
        for (FaultPoint point : FaultPoint.values()) {
            int time = 1 + random.nextInt(FREQUENT.contains(point) ? 30 : 2);
            for (String kind : List.of("halt", "fail")) {
                String fault = faults(point, kind, time);
                Path folder = work.resolve(point + "-" + kind);
                strike(run, folder, fault, kind.equals("halt") ? HALTED : 0, tally);
                run.finish(folder);
                tally.runs++;
                tally.unequal += run.isEqualTo(folder) ? 0 : 1;
            }
        }
        return tally;
    }

    /** A history is moved only after it could not be forced, which then happens once before. */
    private static String faults(FaultPoint point, String kind, int time) {
        return point == FaultPoint.MOVE_HISTORY
                ? FaultPoint.FORCE_HISTORY + ":fail:" + time + "," + point + ":" + kind
                : point + ":" + kind + ":" + time;
    }

    private static void strike(ShortRun run, Path folder, String fault, int expected, Tally tally) {
        try (TrainingProcess trainer = run.start(folder, FLAGS, "-D" + FaultPoint.PROPERTY + "=" + fault)) {
            int code = trainer.waitFor();
            if (code != expected || !trainer.output().contains("Fault at ")) {
                throw new IllegalStateException(fault + " ended with " + code + ": " + trainer.output());
            }
            tally.examine(folder, trainer.lastSaved());
        }
    }
}
