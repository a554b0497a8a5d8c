package perdure.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Restart;
import perdure.data.Fingerprint;

/** Compares weights, moments and loss history of two runs, byte by byte. It only reads. */
public record RunComparison(List<Pair> files) {

    /**
     * One file of both runs.
     *
     * @param size of the first run's file, in bytes
     * @param sha256 of the first run's file, hexadecimal
     * @param otherSha256 of the second run's file, hexadecimal
     * @param mismatch offset of the first byte that differs, or -1
     */
    public record Pair(String name, long size, String sha256, String otherSha256, long mismatch) {

        private static Pair of(Path first, Path second) {
            try {
                return new Pair(
                        first.getFileName().toString(),
                        Files.size(first),
                        Fingerprint.of(first),
                        Fingerprint.of(second),
                        Files.mismatch(first, second));
            } catch (IOException problem) {
                throw new UncheckedIOException(first + " and " + second + ": " + problem.getMessage(), problem);
            }
        }

        public boolean isEqual() {
            return mismatch < 0 && sha256.equals(otherSha256);
        }
    }

    /**
     * Compares the checkpoints that the two runs would resume from, and their loss histories.
     *
     * @throws IllegalStateException if one of the runs has no checkpoint
     */
    public static RunComparison of(Path firstRun, Path secondRun) {
        Checkpoint first = saved(firstRun);
        Checkpoint second = saved(secondRun);
        List<Pair> pairs = new ArrayList<>();
        for (String file : List.of(first.trainedFile(), Checkpoint.MOMENTS)) {
            pairs.add(Pair.of(first.folder().resolve(file), second.folder().resolve(file)));
        }
        pairs.add(Pair.of(firstRun.resolve(LossHistory.FILE), secondRun.resolve(LossHistory.FILE)));
        return new RunComparison(List.copyOf(pairs));
    }

    private static Checkpoint saved(Path run) {
        Checkpoint checkpoint = Restart.find(run).checkpoint();
        if (checkpoint == null) {
            throw new IllegalStateException(run + " holds no checkpoint.");
        }
        return checkpoint;
    }

    public boolean isEqual() {
        return files.stream().allMatch(Pair::isEqual);
    }
}
