package perdure.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import perdure.checkpoint.Meta;
import perdure.checkpoint.MetaStore;

/**
 * Trains the same run twice and compares the results. The first run is one process, and uninterrupted. The second is
 * killed at random steps, every other time inside a save, and resumed. If it has several ranks, one of them is killed
 * each time, and the others must end by themselves.
 *
 * @param flags of {@code train}, for both runs
 * @param ranks of the second run
 * @param kills how often the second run is killed
 * @param seed of the random steps and ranks
 */
public record ResumeCheck(List<String> flags, int ranks, int kills, long seed) {

    /** Longest wait inside a save before the kill, in milliseconds. */
    private static final int INSIDE_A_SAVE = 40;

    public ResumeCheck {
        if (kills < 1) {
            throw new IllegalArgumentException("number of kills " + kills + " is not a positive number.");
        }
        if (ranks < 1 || Integer.bitCount(ranks) != 1) {
            throw new IllegalArgumentException("ranks " + ranks + " is not a power of two: 1, 2, 4, 8, …");
        }
        flags = List.copyOf(flags);
    }

    /** The same check with another number of ranks. */
    public ResumeCheck ranks(int number) {
        return new ResumeCheck(flags, number, kills, seed);
    }

    /**
     * The result.
     *
     * @param kills that hit a living process; fewer than asked for if the run finished earlier
     * @param stepsRepeated steps that had been trained but not saved at a kill, and were trained again
     * @param unbrokenSeconds of the first run, process start included
     * @param killedSeconds of all processes of the second run
     */
    public record Verdict(
            RunComparison comparison, int kills, long stepsRepeated, double unbrokenSeconds, double killedSeconds) {

        /** Whether both runs are equal. False if no kill hit, because that proves nothing. */
        public boolean holds() {
            return comparison.isEqual() && kills > 0;
        }
    }

    /**
     * Runs the check.
     *
     * @param work an empty folder for both runs
     * @param messages receives a line about each part when it has ended
     * @throws BadInputException if the flags or the data are bad
     * @throws IllegalStateException if a trainer fails, or does not end when another rank is lost
     */
    public Verdict run(Path work, Consumer<String> messages) {
        long start = System.nanoTime();
        Path unbroken = work.resolve("unbroken");
        try (TrainingProcess trainer = TrainingProcess.start(unbroken, work.resolve("unbroken.log"), flags)) {
            trainer.requireDone();
        }
        double unbrokenSeconds = secondsSince(start);
        messages.accept(String.format("unbroken: %d steps in %.1f s", step(unbroken), unbrokenSeconds));

        start = System.nanoTime();
        Path killed = work.resolve("killed");
        Random random = new Random(seed);
        int hits = 0;
        long repeated = 0;
        for (int i = 0; i < kills; i++) {
            long killedAt = step(killed) + 1 + (long) (random.nextDouble() * 2 * step(unbroken) / (kills + 1));
            int insideSave = random.nextInt(INSIDE_A_SAVE);
            int rank = ranks == 1 ? 0 : random.nextInt(ranks);
            try (TrainingRanks all = TrainingRanks.start(killed, work.resolve("kill-" + i + ".log"), ranks, flags)) {
                TrainingProcess trainer = all.first();
                trainer.await(() -> trainer.lastStep() >= killedAt);
                if (i % 2 == 1 && trainer.awaitSave()) {
                    TrainingProcess.pause(insideSave);
                }
                if (!all.kill(rank)) {
                    break;
                }
                hits++;
                long reached = Math.max(trainer.lastStep(), step(killed));
                repeated += reached - step(killed);
                messages.accept("kill " + hits + (ranks > 1 ? ", of rank " + rank : "") + ": at step " + reached
                        + (i % 2 == 1 ? ", inside a save" : "") + "; resumes after step " + step(killed));
            }
        }
        try (TrainingRanks last = TrainingRanks.start(killed, work.resolve("last.log"), ranks, flags)) {
            last.requireDone();
        }
        return new Verdict(RunComparison.of(unbroken, killed), hits, repeated, unbrokenSeconds, secondsSince(start));
    }

    private static long step(Path runFolder) {
        Meta meta = new MetaStore(runFolder).read();
        return meta.step() == null ? 0 : meta.step();
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
