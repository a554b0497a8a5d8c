package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import perdure.safetensors.DamagedFileException;

/**
 * Where a run starts or resumes, according to its folder. What was found wrong is in {@link #warnings} and nowhere
 * else, so that a user sees each warning once, on the terminal.
 *
 * <p>{@link #find} changes nothing. A trainer then takes the {@link RunLock}, calls {@link #find} again, opens the
 * {@link LossHistory} at the position, and opens the {@link CheckpointStore}, in this order.
 *
 * @param lastEpoch index of the last epoch that finished, -1 if none
 * @param best the best epoch so far, or null
 * @param checkpoint to load, or null if weights start fresh
 * @param warnings one line each, for the user
 */
public record Restart(int lastEpoch, TrainerState.Best best, Checkpoint checkpoint, List<String> warnings) {

    /** A run exists, but all of its checkpoints are damaged. The message is one line. */
    public static final class NoGoodCheckpointException extends RuntimeException {

        private static final long serialVersionUID = 1;

        NoGoodCheckpointException(String message) {
            super(message);
        }
    }

    /**
     * Whether a folder holds weights to resume from, damaged or not. Reads no checkpoint.
     *
     * @throws IllegalArgumentException if {@code current.meta.json} is not valid
     * @throws NewerFormatException if only a newer version can read it
     */
    public static boolean hasWeights(Path runFolder) {
        try {
            return new MetaStore(runFolder).read().checkpoint() != null
                    || !CheckpointName.list(runFolder).isEmpty();
        } catch (IOException problem) {
            throw DurableFiles.failed(runFolder, problem);
        }
    }

    /**
     * Finds the checkpoint to resume from: the one that {@code current.meta.json} names, or the newest good one if that
     * is damaged. A checkpoint is good if every byte of it is as it was written.
     *
     * @throws IllegalArgumentException if {@code current.meta.json} is not valid
     * @throws NoGoodCheckpointException if there are checkpoints, or one is named, and none is good
     * @throws NewerFormatException if only a newer version can read the run; no older checkpoint is used instead
     * @throws UncheckedIOException if a file cannot be read, which does not mean that it is damaged
     */
    public static Restart find(Path runFolder) {
        Meta meta = new MetaStore(runFolder).read();
        Set<String> candidates = candidates(runFolder, meta);
        if (candidates.isEmpty()) {
            return withoutWeights(runFolder, meta);
        }
        List<String> bad = new ArrayList<>();
        for (String candidate : candidates) {
            try {
                return from(runFolder, meta, Checkpoint.open(runFolder.resolve(candidate)), bad);
            } catch (DamagedFileException problem) {
                bad.add(problem.getMessage());
            }
        }
        throw new NoGoodCheckpointException("The run folder " + runFolder
                + " holds a run, but every checkpoint of it is damaged, and nothing was changed: "
                + String.join("; ", bad));
    }

    /**
     * Takes a checkpoint that was asked for, which need not be the newest.
     *
     * @throws NoGoodCheckpointException if it is damaged
     * @throws NewerFormatException if only a newer version can read it
     * @throws UncheckedIOException if a file cannot be read
     */
    public static Restart from(Path runFolder, String name) {
        try {
            Checkpoint checkpoint = Checkpoint.open(runFolder.resolve(name));
            TrainerState state = checkpoint.state();
            return new Restart(state.lastEpoch(), state.best(), checkpoint, aboutForeignFiles(checkpoint));
        } catch (DamagedFileException damaged) {
            throw new NoGoodCheckpointException(
                    "The checkpoint is damaged, and nothing was changed: " + damaged.getMessage());
        }
    }

    /**
     * A checkpoint, to read what it recorded of the run. It verifies nothing, so its weights must not be used.
     *
     * @throws IllegalArgumentException if it cannot be read
     * @throws NewerFormatException if only a newer version can read it
     */
    public static Checkpoint unverified(Path runFolder, String name) {
        try {
            return Checkpoint.read(runFolder.resolve(name));
        } catch (IOException | DamagedFileException unreadable) {
            throw new IllegalArgumentException(
                    runFolder.resolve(name) + " cannot be read: " + unreadable.getMessage(), unreadable);
        }
    }

    /**
     * The newest checkpoint, to read what it recorded of the run; null if there is none. It verifies nothing, and passes
     * over what cannot be read, which {@link #find} reports.
     *
     * @throws IllegalArgumentException if {@code current.meta.json} is not valid
     * @throws NewerFormatException if only a newer version can read the run
     */
    public static Checkpoint newest(Path runFolder) {
        for (String candidate : candidates(runFolder, new MetaStore(runFolder).read())) {
            try {
                return Checkpoint.read(runFolder.resolve(candidate));
            } catch (IOException | DamagedFileException unreadable) {
                continue;
            }
        }
        return null;
    }

    private static Restart withoutWeights(Path runFolder, Meta meta) {
        List<String> warnings = meta.lastEpoch() < 0
                ? List.of()
                : List.of(new MetaStore(runFolder).file() + " says that " + (meta.lastEpoch() + 1)
                        + " epochs are finished, but there are no weights beside it: weights start fresh.");
        return new Restart(meta.lastEpoch(), best(meta), null, warnings);
    }

    /** The names of the checkpoints: first that of the meta file, then the newest first. */
    private static Set<String> candidates(Path runFolder, Meta meta) {
        Set<String> candidates = new LinkedHashSet<>();
        if (meta.checkpoint() != null) {
            candidates.add(meta.checkpoint());
        }
        try {
            CheckpointName.list(runFolder).forEach(name -> candidates.add(name.toString()));
        } catch (IOException problem) {
            throw DurableFiles.failed(runFolder, problem);
        }
        return candidates;
    }

    private static TrainerState.Best best(Meta meta) {
        return meta.bestLoss() == null
                ? null
                : new TrainerState.Best(meta.bestLoss(), meta.bestEpoch() == null ? -1 : meta.bestEpoch());
    }

    private static Restart from(Path runFolder, Meta meta, Checkpoint checkpoint, List<String> bad) {
        TrainerState state = checkpoint.state();
        List<String> warnings = new ArrayList<>();
        Path file = new MetaStore(runFolder).file();
        String damage = new MetaStore(runFolder).damage();
        if (damage != null) {
            warnings.add(damage + ": its content is taken from " + meta.checkpoint() + ".");
        }
        if (checkpoint.name().equals(meta.checkpoint())) {
            if (state.lastEpoch() != meta.lastEpoch()) {
                warnings.add(file + " has last_epoch " + meta.lastEpoch() + ", but " + checkpoint.name() + " has "
                        + state.lastEpoch() + ": using last_epoch " + meta.lastEpoch() + ".");
            }
            warnings.addAll(aboutForeignFiles(checkpoint));
            return new Restart(meta.lastEpoch(), state.best(), checkpoint, List.copyOf(warnings));
        }
        String problem = bad.isEmpty()
                ? file + (Files.exists(file) ? " names no checkpoint" : " is missing")
                : (bad.size() == 1 ? "A checkpoint is" : "Checkpoints are") + " damaged (" + String.join("; ", bad)
                        + ")";
        warnings.add(
                problem + ": using " + checkpoint.name() + ", the newest good one; " + repeatedSteps(meta, checkpoint));
        warnings.addAll(aboutForeignFiles(checkpoint));
        return new Restart(state.lastEpoch(), state.best(), checkpoint, List.copyOf(warnings));
    }

    private static List<String> aboutForeignFiles(Checkpoint checkpoint) {
        try {
            List<String> foreign = Checkpoint.foreignFiles(checkpoint.folder());
            return foreign.isEmpty()
                    ? List.of()
                    : List.of(checkpoint.folder() + " holds files that Perdure did not write ("
                            + String.join(", ", foreign) + "): the checkpoint is used anyway.");
        } catch (IOException problem) {
            throw DurableFiles.failed(checkpoint.folder(), problem);
        }
    }

    private static String repeatedSteps(Meta meta, Checkpoint checkpoint) {
        long steps = meta.checkpoint() == null
                ? 0
                : CheckpointName.parse(meta.checkpoint()).step() - checkpoint.step();
        return steps <= 0
                ? "no step is repeated."
                : steps == 1 ? "1 step is repeated." : steps + " steps are repeated.";
    }

    /** Where training resumes: inside an epoch if the checkpoint was saved there. */
    public TrainerState.Position position() {
        if (checkpoint == null) {
            return new TrainerState.Position(lastEpoch + 1, 0, 0, 0, 0L);
        }
        TrainerState.Position saved = checkpoint.state().positionWithRows();
        return saved.epoch() == lastEpoch + 1 ? saved : saved.atEpoch(lastEpoch + 1);
    }

    /** The epochs that remain, for a total of {@code epochs}. */
    public MetaStore.ResumePlan plan(int epochs) {
        return new MetaStore.ResumePlan(lastEpoch, epochs);
    }
}
