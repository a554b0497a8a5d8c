package perdure.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Restart;
import perdure.data.Fingerprint;
import perdure.safetensors.Safetensors;

/** Compares weights, moments and loss history of two runs, byte by byte. It only reads. */
public record RunComparison(List<Pair> files) {

    /**
     * One file of both runs.
     *
     * @param size of the first run's file, in bytes
     * @param sha256 of the first run's file, hexadecimal
     * @param otherSha256 of the second run's file, hexadecimal
     * @param mismatch offset of the first byte that differs, or -1
     * @param difference the first line or tensor that differs, for people; empty if none does
     */
    public record Pair(String name, long size, String sha256, String otherSha256, long mismatch, String difference) {

        private static Pair of(Path first, Path second) {
            try {
                long mismatch = Files.mismatch(first, second);
                return new Pair(
                        first.getFileName().toString(),
                        Files.size(first),
                        Fingerprint.of(first),
                        Fingerprint.of(second),
                        mismatch,
                        mismatch < 0 ? "" : firstDifference(first, second));
            } catch (IOException problem) {
                throw new UncheckedIOException(first + " and " + second + ": " + problem.getMessage(), problem);
            }
        }

        public boolean isEqual() {
            return mismatch < 0 && sha256.equals(otherSha256);
        }
    }

    private static String firstDifference(Path first, Path second) throws IOException {
        return first.endsWith(LossHistory.FILE) ? line(first, second) : tensor(first, second);
    }

    private static String line(Path first, Path second) throws IOException {
        List<String> lines = Files.readAllLines(first);
        List<String> others = Files.readAllLines(second);
        int at = 0;
        while (at < lines.size() && at < others.size() && lines.get(at).equals(others.get(at))) {
            at++;
        }
        return "line " + (at + 1) + ": " + (at < lines.size() ? lines.get(at) : "none") + " against "
                + (at < others.size() ? others.get(at) : "none");
    }

    /** The tensors of both are float32. */
    private static String tensor(Path first, Path second) {
        Map<String, List<Long>> shapes = Safetensors.shapes(first);
        if (!shapes.equals(Safetensors.shapes(second))) {
            return "other tensors";
        }
        String found = "the header";
        int different = 0;
        for (String name : shapes.keySet()) {
            ByteBuffer tensor = bytes(first, name);
            ByteBuffer other = bytes(second, name);
            int at = tensor.mismatch(other) / Float.BYTES * Float.BYTES;
            if (!tensor.equals(other) && different++ == 0) {
                found = name + " at " + at / Float.BYTES + ": " + tensor.getFloat(at) + " against "
                        + other.getFloat(at);
            }
        }
        return found + "; " + different + " of " + shapes.size() + " tensors differ";
    }

    private static ByteBuffer bytes(Path file, String tensor) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Safetensors.readBytes(file, tensor, block -> bytes.write(block.array(), 0, block.limit()));
        return ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
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
