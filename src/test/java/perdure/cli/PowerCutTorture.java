package perdure.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import perdure.bench.TrainingProcess;

/**
 * Cuts the power of trainers: the run folder lies on a file system of its own, of which only what was forced, or what
 * the system happened to write back, is there after the cut.
 */
final class PowerCutTorture {

    /** Steps between two saves: as fast as they go, and so far apart that most cuts come between two of them. */
    private static final List<String> INTERVALS = List.of("5", "100");

    private static final int IMAGE_MEBIBYTES = 32;

    /** Longest life of a trainer after it began to train, or mostly after its first save, in milliseconds. */
    private static final int LIFE = 600;

    private PowerCutTorture() {}

    /** @param javaOptions of the trainers; one may switch forces off */
    static Tally run(ShortRun run, Path work, int count, long seed, String... javaOptions) {
        Tally tally = new Tally("power cuts");
        Random random = new Random(seed);
        while (tally.accidents < count) {
            Ext4Image disk = Ext4Image.create(work, IMAGE_MEBIBYTES);
            try {
                long saved = 0;
                while (tally.accidents < count) {
                    long called = live(run, disk.path().resolve("run"), random, javaOptions);
                    if (called < 0) {
                        break;
                    }
                    disk = disk.afterPowerCut();
                    tally.afterSave += called > saved ? 1 : 0;
                    saved = tally.examine(disk.path().resolve("run"), Math.max(saved, called));
                }
                if (tally.lost + tally.unreadable == 0) {
                    run.finish(disk.path().resolve("run"));
                    tally.runs++;
                    tally.unequal += run.isEqualTo(disk.path().resolve("run")) ? 0 : 1;
                }
            } finally {
                disk.close();
            }
        }
        return tally;
    }

    /** Lets a trainer live for a while; the last step that it called saved, or -1 if it came to the end of the run. */
    private static long live(ShortRun run, Path folder, Random random, String... javaOptions) {
        int life = random.nextInt(LIFE);
        boolean afterSave = random.nextInt(4) > 0;
        List<String> flags = List.of("--no-server", "--checkpoint-every", INTERVALS.get(random.nextInt(2)));
        try (TrainingProcess trainer = run.start(folder, flags, javaOptions)) {
            if (afterSave) {
                trainer.await(() -> trainer.lastSaved() > 0);
            } else {
                trainer.awaitTraining();
            }
            TrainingProcess.pause(life);
            if (trainer.kill()) {
                return trainer.lastSaved();
            }
            trainer.requireDone();
            return -1;
        }
    }
}
