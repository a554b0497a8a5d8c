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
 * Where a run folder lets a run begin or go on. Its warnings are the one place that tells what was found amiss, so that
 * whoever starts a run sees each of them once, on the terminal.
 *
 * <p>Finding it changes nothing; a trainer then takes the {@link RunLock}, finds it again, and opens {@link LossHistory}
 * at its position and {@link CheckpointStore}, in this order.
 *
 * @param lastEpoch index of the last epoch that finished, -1 if none
 * @param best the best epoch so far, or null
 * @param checkpoint what to load, or null where weights start fresh
 * @param warnings one line each, for the user
 */
public record Restart(int lastEpoch, TrainerState.Best best, Checkpoint checkpoint, List<String> warnings) {

    /** A run exists, but none of its checkpoints is good; the message says so in one line. */
    public static final class NoGoodCheckpointException extends RuntimeException {

        private static final long serialVersionUID = 1;

        NoGoodCheckpointException(String message) {
            super(message);
        }
    }

    /** Whether a folder holds weights, good or bad, that a run could be carried on with; reads no more than names. */
    public static boolean hasWeights(Path runFolder) {
        try {
            return new MetaStore(runFolder).read().checkpoint() != null
                    || !CheckpointName.list(runFolder).isEmpty();
        } catch (IOException problem) {
            throw new UncheckedIOException(runFolder + ": " + problem.getMessage(), problem);
        }
    }

    /**
     * Takes the checkpoint that {@code current.meta.json} names if every byte of it is good, else the newest good one.
     *
     * @throws IllegalArgumentException if {@code current.meta.json} is not what it should be
     * @throws NoGoodCheckpointException if there are checkpoints, or one is named, and none is good
     * @throws NewerFormatException if only a newer version can read the run: no older checkpoint is taken instead
     * @throws UncheckedIOException if a file cannot be read, which does not mean that it is damaged
     */
    public static Restart find(Path runFolder) {
        Meta meta = new MetaStore(runFolder).read();
        Set<String> candidates = new LinkedHashSet<>();
        if (meta.checkpoint() != null) {
            candidates.add(meta.checkpoint());
        }
        try {
            CheckpointName.list(runFolder).forEach(name -> candidates.add(name.toString()));
        } catch (IOException problem) {
            throw new UncheckedIOException(runFolder + ": " + problem.getMessage(), problem);
        }
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
                + " holds a run, but no checkpoint of it is good, and nothing was changed: " + String.join("; ", bad));
    }

    private static Restart withoutWeights(Path runFolder, Meta meta) {
        List<String> warnings = meta.lastEpoch() < 0
                ? List.of()
                : List.of(new MetaStore(runFolder).file() + " says that " + (meta.lastEpoch() + 1)
                        + " epochs are finished, but there are no weights beside it: weights start fresh.");
        return new Restart(meta.lastEpoch(), best(meta), null, warnings);
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
        if (checkpoint.name().equals(meta.checkpoint())) {
            if (state.lastEpoch() != meta.lastEpoch()) {
                warnings.add(file + " says last_epoch " + meta.lastEpoch() + " where " + checkpoint.name() + " says "
                        + state.lastEpoch() + ": going by the former.");
            }
            warnings.addAll(ofStrangers(checkpoint));
            return new Restart(meta.lastEpoch(), state.best(), checkpoint, List.copyOf(warnings));
        }
        String problem = bad.isEmpty()
                ? file + (Files.exists(file) ? " names no checkpoint" : " is missing")
                : (bad.size() == 1 ? "A checkpoint is" : "Checkpoints are") + " damaged (" + String.join("; ", bad)
                        + ")";
        warnings.add(problem + ": going on from " + checkpoint.name() + ", the newest good one; "
                + repeated(meta, checkpoint));
        warnings.addAll(ofStrangers(checkpoint));
        return new Restart(state.lastEpoch(), state.best(), checkpoint, List.copyOf(warnings));
    }

    private static List<String> ofStrangers(Checkpoint checkpoint) {
        try {
            List<String> strangers = Checkpoint.strangers(checkpoint.folder());
            return strangers.isEmpty()
                    ? List.of()
                    : List.of(checkpoint.folder() + " holds what Perdure did not write (" + String.join(", ", strangers)
                            + "): it is used all the same.");
        } catch (IOException problem) {
            throw new UncheckedIOException(checkpoint.folder() + ": " + problem.getMessage(), problem);
        }
    }

    private static String repeated(Meta meta, Checkpoint checkpoint) {
        long steps = meta.checkpoint() == null
                ? 0
                : CheckpointName.parse(meta.checkpoint()).step() - checkpoint.step();
        return steps <= 0
                ? "no step is repeated."
                : steps == 1 ? "1 step is repeated." : steps + " steps are repeated.";
    }

    /** Where training goes on: within an epoch if the checkpoint was saved there. */
    public TrainerState.Position position() {
        if (checkpoint == null) {
            return new TrainerState.Position(lastEpoch + 1, 0, 0, 0);
        }
        TrainerState.Position saved = checkpoint.state().position();
        return saved.epoch() == lastEpoch + 1
                ? saved
                : new TrainerState.Position(lastEpoch + 1, 0, saved.step(), saved.tokens());
    }

    /** What remains to be done of that many epochs in all. */
    public MetaStore.ResumePlan plan(int epochs) {
        return new MetaStore.ResumePlan(lastEpoch, epochs);
    }
}
