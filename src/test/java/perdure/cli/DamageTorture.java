package perdure.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.Restart;

/** Flips single bits of the newest checkpoint and cuts its files short: each time the one before has to be taken. */
final class DamageTorture {

    private static final int BLOCK = 4096;

    private DamageTorture() {}

    /** @return a line with the figures; it begins with HOLDS or BROKEN */
    static String run(Path runFolder, int flips, long seed) {
        Checkpoint newest = Restart.find(runFolder).checkpoint();
        Random random = new Random(seed);
        List<Path> files = files(newest.folder());
        int missed = 0;
        for (int i = 0; i < flips; i++) {
            Path file = files.get(random.nextInt(files.size()));
            byte[] flipped = read(file);
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            missed += isNoticed(runFolder, newest, file, flipped) ? 0 : 1;
        }
        int cuts = 0;
        for (Path file : files) {
            byte[] whole = read(file);
            for (int length = 0; length < whole.length; length += BLOCK) {
                cuts++;
                missed += isNoticed(runFolder, newest, file, Arrays.copyOf(whole, length)) ? 0 : 1;
            }
        }
        if (!Restart.find(runFolder).checkpoint().equals(newest)) {
            throw new IllegalStateException(newest.folder() + " was not put back as it was.");
        }
        return (missed == 0 ? "HOLDS: " : "BROKEN: ") + flips + " flipped bits and " + cuts + " truncations: " + missed
                + " went unnoticed.";
    }

    private static boolean isNoticed(Path runFolder, Checkpoint newest, Path file, byte[] damaged) {
        byte[] whole = read(file);
        write(file, damaged);
        try {
            Restart restart = Restart.find(runFolder);
            boolean noticed = restart.checkpoint().step() < newest.step()
                    && restart.warnings().get(0).contains(newest.folder().toString());
            if (!noticed) {
                System.out.println("  " + file + " damaged, and the run goes on from "
                        + restart.checkpoint().folder() + ": " + restart.warnings());
            }
            return noticed;
        } finally {
            write(file, whole);
        }
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.sorted().toList();
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private static void write(Path file, byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
