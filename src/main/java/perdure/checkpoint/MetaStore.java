package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import perdure.data.LearntTokenizer;
import perdure.safetensors.DamagedFileException;

/**
 * Reads and writes {@code current.meta.json}, the commit point of a run folder. It also plans which epochs remain. It
 * does not verify checkpoints.
 */
public final class MetaStore {

    static final String FILE = "current.meta.json";

    /** The files of a run folder that are there while nobody trains. */
    private static final List<String> FILES = List.of(
            FILE, RunLock.FILE, LossHistory.FILE, TrainingLog.FILE, LearntTokenizer.FILE, "training_status.json");

    private static final int MAXIMUM_LENGTH = 64 << 10;

    private final Path runFolder;
    private int commits;

    /**
     * The epochs that a run still has to train: {@code start = last_epoch + 1}, {@code remaining = max(0, epochs -
     * start)}.
     *
     * @param lastEpoch index of the last epoch that finished, -1 if none
     * @param epochs total number of epochs to reach
     */
    public record ResumePlan(int lastEpoch, int epochs) {

        public ResumePlan {
            if (lastEpoch < -1 || lastEpoch > Meta.MAXIMUM_EPOCH) {
                throw new IllegalArgumentException(
                        "last_epoch " + lastEpoch + " is not from -1 to " + Meta.MAXIMUM_EPOCH + ".");
            }
            if (epochs < 1) {
                throw new IllegalArgumentException("epochs " + epochs + " is not a positive number.");
            }
        }

        /** Index of the first epoch that has not finished. */
        public int start() {
            return lastEpoch + 1;
        }

        /** Number of epochs that remain. */
        public int remaining() {
            return Math.max(0, epochs - start());
        }

        /** The plan in one line. It counts epochs from one, as people do, except in {@code last=}. */
        public String message() {
            if (remaining() == 0) {
                return "Requested epochs already completed (last=" + lastEpoch + "). Skipping training.";
            }
            String range = remaining() == 1 ? "epoch " + epochs : "epochs " + (start() + 1) + " to " + epochs;
            return (start() == 0 ? "Training " : "Resuming with ") + range + " of " + epochs + ".";
        }
    }

    public MetaStore(Path runFolder) {
        this.runFolder = runFolder;
    }

    /**
     * Makes sure that a run can be written to its folder. A missing folder is created, and is durable.
     *
     * @throws IllegalArgumentException with one line that names the folder, if it cannot be written to
     */
    static void prepareFolder(Path runFolder) {
        try {
            Deque<Path> missing = new ArrayDeque<>();
            Path folder = runFolder.toAbsolutePath().normalize();
            for (Path each = folder; each != null && Files.notExists(each); each = each.getParent()) {
                missing.push(each);
            }
            Files.createDirectories(folder);
            DurableFiles files = new DurableFiles(point -> {});
            for (Path created : missing) {
                files.forceFolder(created.getParent(), FaultPoint.FORCE_RUN_FOLDER);
            }
            if (!Files.isWritable(folder)) {
                throw new IllegalArgumentException("The run folder " + runFolder + " is not writable.");
            }
        } catch (IOException problem) {
            throw new IllegalArgumentException(
                    "The run folder " + runFolder + " is not a folder that can be written to: "
                            + DurableFiles.cause(problem),
                    problem);
        }
    }

    /** Path of {@code current.meta.json}. */
    public Path file() {
        return runFolder.resolve(FILE);
    }

    /**
     * The content of the file, or {@link Meta#NONE} if there is no file. If the file is empty or not JSON, which an
     * interrupted copy or a broken disk leaves, the content is made anew from the newest checkpoint beside it; see {@link
     * #damage}.
     *
     * @throws IllegalArgumentException with one line, if a value in the file is not valid, if the file is damaged and
     *     there is no checkpoint beside it, if a link to it leads nowhere, or if a file of the run folder is no file
     * @throws NewerFormatException if only a newer version can read it
     * @throws UncheckedIOException if it cannot be read
     */
    public Meta read() {
        try {
            return parse();
        } catch (DamagedFileException damaged) {
            Meta healed = fromNewestCheckpoint();
            if (healed == null) {
                throw new IllegalArgumentException(damaged.getMessage(), damaged);
            }
            return healed;
        }
    }

    /** What is wrong with a file that {@link #read} has to make anew from a checkpoint, or null. */
    String damage() {
        try {
            parse();
            return null;
        } catch (DamagedFileException damaged) {
            return damaged.getMessage();
        }
    }

    private Meta parse() {
        try {
            if (!DurableFiles.isFolder(runFolder)) {
                return Meta.NONE;
            }
            requireFiles();
            return Meta.parse(file(), Json.bytes(file(), MAXIMUM_LENGTH));
        } catch (NoSuchFileException none) {
            return Meta.NONE;
        } catch (IOException problem) {
            UncheckedIOException failed = DurableFiles.failed(file(), problem);
            throw DurableFiles.isMissing(problem) ? new IllegalArgumentException(failed.getMessage(), failed) : failed;
        }
    }

    /** Something else in the place of a file would be waited for without end, or would stop the run when it is written. */
    private void requireFiles() {
        try {
            FILES.forEach(name -> DamagedFileException.requireFile(runFolder.resolve(name)));
        } catch (DamagedFileException other) {
            throw new IllegalArgumentException(other.getMessage() + ".", other);
        }
    }

    private Meta fromNewestCheckpoint() {
        try {
            for (CheckpointName name : CheckpointName.list(runFolder)) {
                try {
                    return Meta.NONE.after(Checkpoint.state(runFolder.resolve(name.toString())), name.toString());
                } catch (DamagedFileException | NoSuchFileException damaged) {
                    continue;
                }
            }
            return null;
        } catch (IOException problem) {
            throw DurableFiles.failed(runFolder, problem);
        }
    }

    /**
     * The epochs that remain, for a total of {@code epochs}, according to the file. Errors are those of {@link #read}.
     */
    public ResumePlan plan(int epochs) {
        return new ResumePlan(read().lastEpoch(), epochs);
    }

    /** Replaces the file atomically. The new file is durable when this method returns. */
    void commit(Meta meta, DurableFiles files) throws IOException {
        Path temporary = runFolder.resolve(FILE + "." + ++commits + ".tmp");
        DurableFiles.delete(temporary);
        try {
            files.create(temporary, meta.toBytes());
            files.move(temporary, file(), FaultPoint.MOVE_META);
        } catch (IOException problem) {
            Files.deleteIfExists(temporary);
            throw problem;
        }
        files.forceFolder(runFolder, FaultPoint.FORCE_META);
    }
}
