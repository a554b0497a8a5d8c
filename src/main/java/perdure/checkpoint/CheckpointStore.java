package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves checkpoints into a run folder. No crash, full disk or power cut loses what was called saved. {@link Restart}
 * finds the checkpoints again. Only the holder of the {@link RunLock} writes.
 *
 * <p>The order of a save:
 *
 * <ol>
 *   <li>The loss history is forced.
 *   <li>Every file of the checkpoint is written and forced in a temporary folder, then its manifest, then the folder.
 *   <li>The folder moves to its name in one atomic step, and the run folder is forced.
 *   <li>{@code current.meta.json} is replaced in one atomic step and forced. This is the commit.
 *   <li>Only then are old checkpoints deleted.
 * </ol>
 */
public final class CheckpointStore {

    /** Smallest number of checkpoints to keep: the current one and one to fall back to. */
    public static final int MINIMUM_KEPT = 2;

    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
    private static final String TEMPORARY = ".tmp";
    private static final int ATTEMPTS = 3;

    private final Path runFolder;
    private final int keep;
    private final LossHistory history;
    private final DurableFiles files;
    private final MetaStore metaStore;
    private final Set<String> keptForForeignFiles = new HashSet<>();
    private Meta committed;
    private long keepEvery;

    private CheckpointStore(Path runFolder, int keep, LossHistory history, DurableFiles files) {
        this.runFolder = runFolder;
        this.keep = keep;
        this.history = history;
        this.files = files;
        this.metaStore = new MetaStore(runFolder);
        this.committed = metaStore.read();
    }

    /**
     * Prepares a run folder for saving. Creates it if it is missing, and deletes the temporary files that a crash left
     * behind.
     *
     * @param keep how many of the newest checkpoints are kept, besides the best one
     * @param history of the run; it is forced before every commit
     * @throws IllegalArgumentException with one line, if {@code keep} is too small or the folder cannot be written to
     */
    public static CheckpointStore open(Path runFolder, int keep, LossHistory history) {
        return open(runFolder, keep, history, new DurableFiles(FaultPoint.fromSystemProperty()));
    }

    /** @throws IllegalArgumentException with one line, if {@code keep} is less than {@link #MINIMUM_KEPT} */
    public static void requireKept(int keep) {
        if (keep < MINIMUM_KEPT) {
            throw new IllegalArgumentException("keep " + keep + " is less than " + MINIMUM_KEPT + ".");
        }
    }

    /** The same. Where others might write too, the files are those of the {@link RunLock}. */
    public static CheckpointStore open(Path runFolder, int keep, LossHistory history, DurableFiles files) {
        requireKept(keep);
        MetaStore.prepareFolder(runFolder);
        CheckpointStore store = new CheckpointStore(runFolder, keep, history, files);
        store.clearTemporaries();
        return store;
    }

    /**
     * Tries once in a run folder what every save does there: a folder with a file is written, forced and moved, and the
     * run folder is forced.
     *
     * @throws IllegalArgumentException with one line that names folder and cause, if something of it fails
     */
    public static void tryOut(Path runFolder) {
        DurableFiles files = new DurableFiles(point -> {});
        Path temporary = runFolder.resolve("step-trial" + TEMPORARY);
        Path moved = runFolder.resolve("step-trial-moved" + TEMPORARY);
        try {
            DurableFiles.delete(temporary);
            DurableFiles.delete(moved);
            Files.createDirectory(temporary);
            files.create(temporary.resolve(Manifest.FILE), new byte[1]);
            files.forceFolder(temporary, FaultPoint.FORCE_CHECKPOINT);
            files.move(temporary, moved, FaultPoint.MOVE_CHECKPOINT);
            files.forceFolder(runFolder, FaultPoint.FORCE_RUN_FOLDER);
            DurableFiles.delete(moved);
        } catch (IOException problem) {
            discard(temporary);
            discard(moved);
            throw new IllegalArgumentException(
                    "The run folder " + runFolder + " cannot hold checkpoints: " + DurableFiles.cause(problem),
                    problem);
        }
    }

    /**
     * From now on also keeps the first checkpoint at or after each multiple of so many steps.
     *
     * @param steps 0: none
     */
    public CheckpointStore keepEvery(long steps) {
        keepEvery = steps;
        return this;
    }

    /**
     * Checks that a run folder has room for the current checkpoint, one to fall back to, and the next one while it is
     * written.
     *
     * @param bytes of a checkpoint
     * @throws IllegalArgumentException with one line that has the figures, if it has not
     */
    public static void requireRoom(Path runFolder, long bytes) {
        try {
            long missing = Math.max(
                    1, MINIMUM_KEPT + 1L - CheckpointName.list(runFolder).size());
            long free = DurableFiles.room(runFolder);
            if (free < missing * bytes) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "The run folder %s has room for %,.1f MB, but %,.1f MB are needed: %s of %,.1f MB. Make room, or"
                                + " use another run folder.",
                        runFolder,
                        free / 1e6,
                        missing * bytes / 1e6,
                        missing == 1 ? "one more checkpoint" : missing + " checkpoints",
                        bytes / 1e6));
            }
        } catch (IOException problem) {
            throw DurableFiles.failed(runFolder, problem);
        }
    }

    private void clearTemporaries() {
        try {
            for (Path child : DurableFiles.list(runFolder)) {
                String name = child.getFileName().toString();
                boolean ours = name.startsWith("step-")
                        || name.startsWith(MetaStore.FILE)
                        || name.startsWith(LossHistory.FILE);
                if (ours && name.endsWith(TEMPORARY)) {
                    DurableFiles.delete(child);
                }
            }
        } catch (IOException problem) {
            throw DurableFiles.failed(runFolder, problem);
        }
    }

    /**
     * Saves a state as a new checkpoint and makes it the current one. When it returns, the step is saved. If an
     * operation fails, everything is written again under another name, up to three times in all. If every attempt
     * fails, the checkpoint before stays the current one, and a later save may succeed.
     *
     * @return the folder of the checkpoint
     * @throws UncheckedIOException if it could not be saved
     */
    public synchronized Path save(Snapshot snapshot) {
        long step = snapshot.state().position().step();
        IOException failure = null;
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            String name = CheckpointName.free(runFolder, step).toString();
            Path temporary = runFolder.resolve(name + "." + attempt + TEMPORARY);
            try {
                files.requireHeld();
                // The history is forced first, so that it reaches as far as any checkpoint that is found.
                history.force();
                write(snapshot, temporary, runFolder.resolve(name));
                commit(snapshot.state(), name);
                prune(CheckpointName.parse(name));
                return runFolder.resolve(name);
            } catch (RunLock.ReplacedException another) {
                failure = another;
                break; // What lies there under these names is not of this run.
            } catch (IOException problem) {
                failure = problem;
                discard(temporary);
                discardUnlessCurrent(name);
            }
        }
        throw new UncheckedIOException(
                "Step " + step + " could not be saved in " + runFolder + ": " + DurableFiles.cause(failure), failure);
    }

    private void write(Snapshot snapshot, Path temporary, Path folder) throws IOException {
        DurableFiles.delete(temporary);
        Checkpoint.write(temporary, snapshot, files);
        files.move(temporary, folder, FaultPoint.MOVE_CHECKPOINT);
        files.forceFolder(runFolder, FaultPoint.FORCE_RUN_FOLDER);
    }

    private void commit(TrainerState state, String name) throws IOException {
        Meta meta = committed.after(state, name);
        if (meta.bestCheckpoint() == null) {
            // The meta file was missing, or was about steps that were rolled back.
            meta = meta.withBestCheckpoint(findBest(state));
        }
        metaStore.commit(meta, files);
        committed = meta;
    }

    /** Name of the newest checkpoint of the best evaluation, or else of the end of the best epoch; null if none. */
    private String findBest(TrainerState state) throws IOException {
        for (CheckpointName name : CheckpointName.list(runFolder)) {
            boolean best = state.validation() != null
                    ? name.step() == state.validation().bestStep()
                    : state.best() != null
                            && Checkpoint.isEndOfEpoch(
                                    runFolder.resolve(name.toString()),
                                    state.best().epoch());
            if (best) {
                return name.toString();
            }
        }
        return null;
    }

    /**
     * Deletes old checkpoints. It keeps the best one and the newest ones up to the current one, the last of each step,
     * and those of {@link #keepEvery}.
     * Checkpoints newer than the current one are deleted: they are from before a rollback, or from a save that was cut
     * off. A checkpoint with files that Perdure did not write is kept. A failure here does not fail the save, which is
     * complete.
     */
    private void prune(CheckpointName current) {
        try {
            Set<Long> steps = new HashSet<>();
            List<CheckpointName> names = CheckpointName.list(runFolder);
            Set<CheckpointName> milestones = milestones(names, current);
            for (CheckpointName name : names) {
                boolean newest = name.compareTo(current) <= 0 && steps.size() < keep && steps.add(name.step());
                if (!newest
                        && !milestones.contains(name)
                        && !name.toString().equals(committed.bestCheckpoint())
                        && isOursAlone(name.toString())) {
                    files.retire(runFolder.resolve(name.toString()), runFolder.resolve(name + ".old" + TEMPORARY));
                }
            }
        } catch (IOException problem) {
            notPruned(problem);
        } catch (UncheckedIOException problem) {
            notPruned(problem.getCause());
        }
    }

    /** The next save prunes again. */
    private void notPruned(IOException problem) {
        LOG.warn("Old checkpoints in {} could not be deleted: {}", runFolder, DurableFiles.cause(problem));
    }

    /** The first checkpoint at or after each multiple of the steps of {@link #keepEvery}, the last of its step. */
    private Set<CheckpointName> milestones(List<CheckpointName> newestFirst, CheckpointName current) {
        Map<Long, CheckpointName> first = new HashMap<>();
        for (CheckpointName name : newestFirst) {
            if (keepEvery > 0 && name.compareTo(current) <= 0 && name.step() >= keepEvery) {
                first.merge(
                        name.step() / keepEvery,
                        name,
                        (later, earlier) -> later.step() > earlier.step() ? earlier : later);
            }
        }
        return Set.copyOf(first.values());
    }

    /** Whether this version of Perdure wrote everything in a checkpoint's folder. If not, logs that once. */
    private boolean isOursAlone(String name) throws IOException {
        Path folder = runFolder.resolve(name);
        String reason;
        try {
            List<String> foreign = Checkpoint.foreignFiles(folder);
            if (foreign.isEmpty()) {
                return true;
            }
            reason = "it holds files that Perdure did not write (" + String.join(", ", foreign) + ").";
        } catch (NewerFormatException newer) {
            reason = newer.getMessage();
        }
        if (keptForForeignFiles.add(name)) {
            LOG.warn("{} is not deleted: {}", folder, reason);
        }
        return false;
    }

    /**
     * Deletes a checkpoint unless it is named on the disk or in memory. If the force after the move of the meta file
     * failed, either meta file may survive, so both checkpoints must stay.
     */
    private void discardUnlessCurrent(String name) {
        List<String> named;
        try {
            if (metaStore.damage() != null) {
                return;
            }
            named = Arrays.asList(metaStore.read().checkpoint(), committed.checkpoint());
        } catch (RuntimeException unreadable) {
            return;
        }
        if (!named.contains(name)) {
            discard(runFolder.resolve(name));
        }
    }

    private static void discard(Path path) {
        try {
            DurableFiles.delete(path);
        } catch (IOException problem) {
            LOG.warn("{} could not be deleted: {}", path, DurableFiles.cause(problem));
        }
    }
}
