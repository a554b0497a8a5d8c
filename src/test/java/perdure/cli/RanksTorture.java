package perdure.cli;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import perdure.bench.TrainingProcess;
import perdure.bench.TrainingRanks;
import perdure.distributed.WorkersLostException;

/** Does something bad to a random one of a run's ranks, until the run ends. Each start has another number of them. */
final class RanksTorture {

    /** What happens to a rank. */
    private enum Fault {
        KILL,
        /** Stopped for longer than the others wait, then continued. */
        STOP,
        TERM,
        /** Stopped for a third of the time that the others wait: the run goes on. */
        PAUSE
    }

    /** More micro-batches of a step than ranks, so that all numbers of them can share it. */
    static final String[] SHARED = {"--grad-accum", "4"};

    private static final int SILENCE = 3;

    private static final List<String> FLAGS =
            List.of("--no-server", "--checkpoint-every", "20", "--silence", SILENCE + "s");

    private static final int TERMINATED = 143;

    /** Longest time between two faults, in milliseconds. */
    private static final int LIFE = 600;

    private final ShortRun run;
    private final Random random;
    private final Tally tally = new Tally("faults");
    private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    private int starts;
    private long repeated;

    private RanksTorture(ShortRun run, long seed) {
        this.run = run;
        random = new Random(seed);
    }

    /** @param run trained with {@link #SHARED} */
    static String run(ShortRun run, Path work, int count, long seed) {
        RanksTorture torture = new RanksTorture(run, seed);
        while (torture.tally.accidents < count) {
            torture.train(work.resolve("ranks-" + torture.tally.runs), count);
        }
        return torture.tally + " " + torture.starts + " starts of 1, 2 or 4 ranks, " + torture.repeated
                + " steps repeated; "
                + torture.faults.entrySet().stream()
                        .map(fault -> fault.getKey() + " " + fault.getValue())
                        .collect(Collectors.joining(", "))
                + ".";
    }

    private void train(Path folder, int count) {
        boolean goesOn = true;
        while (goesOn && tally.accidents < count) {
            try (TrainingRanks ranks = start(folder)) {
                goesOn = ranks.first().awaitTraining() && strike(ranks, count);
                long reached = Math.max(ranks.first().lastStep(), Tally.committed(folder));
                repeated += reached - tally.goesOnFrom(folder, ranks.first().lastSaved());
            }
        }
        try (TrainingRanks last = start(folder)) {
            last.requireDone();
        }
        tally.runs++;
        tally.unequal += run.isEqualTo(folder) ? 0 : 1;
    }

    private TrainingRanks start(Path folder) {
        starts++;
        return run.start(folder, 1 << random.nextInt(3), FLAGS);
    }

    /** Returns whether a fault has ended the ranks; false if the run came to its end before. */
    private boolean strike(TrainingRanks ranks, int count) {
        while (true) {
            TrainingProcess.pause(random.nextInt(LIFE));
            Fault fault = Fault.values()[random.nextInt(Fault.values().length)];
            int rank = random.nextInt(ranks.world());
            TrainingProcess victim = ranks.rank(rank);
            if (!victim.isAlive() || tally.accidents >= count) {
                ranks.requireDone();
                return false;
            }
            tally.accidents++;
            faults.merge(fault, 1, Integer::sum);
            switch (fault) {
                case KILL -> {
                    return ranks.kill(rank);
                }
                case TERM -> {
                    victim.send("TERM");
                    return ranks.awaitAll(TERMINATED, "Rank " + rank + " got TERM");
                }
                case STOP -> {
                    victim.send("STOP");
                    boolean lost = ranks.world() > 1 && ranks.awaitOthers(rank, "was stopped");
                    TrainingProcess.pause(ranks.world() > 1 ? 0 : SILENCE * 1500);
                    victim.send("CONT");
                    if (lost) {
                        return ranks.awaitAll(
                                WorkersLostException.START_AGAIN, "Rank " + rank + " went on after a stop");
                    }
                }
                case PAUSE -> {
                    victim.send("STOP");
                    TrainingProcess.pause(SILENCE * 1000 / 3);
                    victim.send("CONT");
                }
            }
        }
    }
}
