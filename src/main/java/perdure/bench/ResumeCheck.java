package perdure.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import perdure.checkpoint.Meta;
import perdure.checkpoint.MetaStore;

/**
 * Trains the same run twice, once unbroken and once killed at random moments, every other time inside a save, and
 * compares what both come to.
 *
 * @param flags of {@code train} that both runs get
 * @param kills how often the second run is to be killed
 * @param seed of the moments
 */
public record ResumeCheck(List<String> flags, int kills, long seed) {

    /** Longest wait inside a save before it is cut, in milliseconds. */
    private static final int INSIDE_A_SAVE = 40;

    public ResumeCheck {
        if (kills < 1) {
            throw new IllegalArgumentException("number of kills " + kills + " is not a positive number.");
        }
        flags = List.copyOf(flags);
    }

    /**
     * What came out.
     *
     * @param kills that hit; fewer than asked for if the run was over before
     * @param stepsRepeated that had been trained but not saved when a kill hit
     * @param unbrokenSeconds of the first run, start included
     * @param killedSeconds of all processes of the second
     */
    public record Verdict(
            RunComparison comparison, int kills, long stepsRepeated, double unbrokenSeconds, double killedSeconds) {

        /** A run that was never killed proves nothing. */
        public boolean holds() {
            return comparison.isEqual() && kills > 0;
        }
    }

    /**
     * Runs it.
     *
     * @param work an empty folder for both runs
     * @param teller is told of each part as it ends
     */
    public Verdict run(Path work, Consumer<String> teller) {
        long start = System.nanoTime();
        Path unbroken = work.resolve("unbroken");
        double training = trainUnbroken(unbroken, work.resolve("unbroken.log"));
        double unbrokenSeconds = secondsSince(start);
        teller.accept(String.format("unbroken: %d steps in %.1f s", step(unbroken), unbrokenSeconds));

        start = System.nanoTime();
        Path killed = work.resolve("killed");
        Random random = new Random(seed);
        int hits = 0;
        long repeated = 0;
        for (int i = 0; i < kills; i++) {
            double wait = random.nextDouble() * 2 * training / (kills + 1);
            int insideSave = random.nextInt(INSIDE_A_SAVE);
            try (TrainingProcess trainer = TrainingProcess.start(killed, work.resolve("kill-" + i + ".log"), flags)) {
                boolean alive = trainer.awaitTraining();
                TrainingProcess.pause(alive ? Math.round(wait * 1000) : 0);
                if (i % 2 == 1 && trainer.awaitSave()) {
                    TrainingProcess.pause(insideSave);
                }
                if (!trainer.kill()) {
                    trainer.requireDone();
                    break;
                }
                hits++;
                long reached = Math.max(trainer.lastStep(), step(killed));
                repeated += reached - step(killed);
                teller.accept("kill " + hits + ": at step " + reached + (i % 2 == 1 ? ", inside a save" : "")
                        + "; goes on after step " + step(killed));
            }
        }
        try (TrainingProcess last = TrainingProcess.start(killed, work.resolve("last.log"), flags)) {
            last.requireDone();
        }
        return new Verdict(RunComparison.of(unbroken, killed), hits, repeated, unbrokenSeconds, secondsSince(start));
    }

    /** Seconds from the first step to the end. */
    private double trainUnbroken(Path runFolder, Path log) {
        try (TrainingProcess trainer = TrainingProcess.start(runFolder, log, flags)) {
            trainer.awaitTraining();
            long start = System.nanoTime();
            trainer.requireDone();
            return secondsSince(start);
        }
    }

    private static long step(Path runFolder) {
        Meta meta = new MetaStore(runFolder).read();
        return meta.step() == null ? 0 : meta.step();
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
