package perdure.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import perdure.bench.TrainingProcess;

/** Kills trainers with SIGKILL at random moments of their lives, every other time inside a save. */
final class KillTorture {

    private static final List<String> FLAGS = List.of("--no-server", "--checkpoint-every", "7");

    /** Longest life of a trainer after it began to train, in milliseconds. */
    private static final int LIFE = 400;

    /** Longest wait inside a save, in milliseconds. */
    private static final int INSIDE_A_SAVE = 40;

    private KillTorture() {}

    static Tally run(ShortRun run, Path work, int count, long seed) {
        Tally tally = new Tally("kills");
        Random random = new Random(seed);
        while (tally.accidents < count) {
            Path folder = work.resolve("killed-" + tally.runs);
            while (tally.accidents < count && strike(run, folder, random, tally)) {
                continue; // the same run again
            }
            run.finish(folder);
            tally.runs++;
            tally.unequal += run.isEqualTo(folder) ? 0 : 1;
        }
        return tally;
    }

    /** Starts a trainer and kills it; false if it had come to the end before. */
    private static boolean strike(ShortRun run, Path folder, Random random, Tally tally) {
        boolean aimed = tally.accidents % 2 == 1;
        boolean whileStarting = !aimed && random.nextInt(4) == 0;
        int life = random.nextInt(LIFE);
        int insideSave = random.nextInt(INSIDE_A_SAVE);
        try (TrainingProcess trainer = run.start(folder, FLAGS)) {
            boolean alive = whileStarting || trainer.awaitTraining();
            TrainingProcess.pause(!alive ? 0 : whileStarting ? 4L * life : life);
            if (aimed && trainer.awaitSave()) {
                TrainingProcess.pause(insideSave);
            }
            if (!trainer.kill()) {
                trainer.requireDone();
                return false;
            }
        }
        tally.insideSave += isInsideSave(folder) ? 1 : 0;
        tally.examine(folder, Tally.committed(folder));
        return true;
    }

    private static boolean isInsideSave(Path folder) {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.anyMatch(child -> child.getFileName().toString().matches("(step-|current).*\\.tmp"));
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
