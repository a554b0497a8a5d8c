package perdure.checkpoint;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The checkpoint that a run starts from: the newest one of its folder, an earlier one, or one of another run, from which
 * it branches off. Going back and branching happen once: the same command, started again, goes on with the newest.
 *
 * @param branchOf run folder of the other run; null: the run's own
 * @param checkpoint its name; null: the newest
 */
public record Origin(Path branchOf, String checkpoint) {

    public static final Origin NEWEST = new Origin(null, null);

    /** The name under which a checkpoint records that the run went back. */
    public static final String RECORD = "resume from";

    public Origin {
        checkpoint = checkpoint == null ? null : canonical("resume from", checkpoint);
    }

    /**
     * The name in full, of {@code step-40} or {@code 40}.
     *
     * @param setting that has it, for the message
     */
    private static String canonical(String setting, String text) {
        String number = text.startsWith("step-") ? text.substring("step-".length()) : text;
        int copy = number.indexOf('-');
        String step = copy < 0 ? number : number.substring(0, copy);
        if (step.matches("[0-9]{1,18}")) {
            String name = new CheckpointName(Long.parseLong(step), 0) + (copy < 0 ? "" : number.substring(copy));
            if (CheckpointName.parse(name) != null) {
                return name;
            }
        }
        throw new IllegalArgumentException(
                setting + " " + text + " is no name of a checkpoint, such as step-0000000040 or step-40.");
    }

    /** Whether this run is yet to branch off: its folder has no checkpoint. */
    public boolean branches(Path runFolder) {
        return branchOf != null && !Restart.hasWeights(runFolder);
    }

    /** The folder that has the checkpoint to start from. */
    public Path source(Path runFolder) {
        return branches(runFolder) ? branchOf : runFolder;
    }

    /**
     * Name of the checkpoint to start from in {@link #source}; null: the newest, also where the run went back already.
     *
     * @throws IllegalArgumentException if there is no such checkpoint
     */
    public String start(Path runFolder) {
        if (checkpoint == null || branchOf != null && !branches(runFolder)) {
            return null;
        }
        Path source = source(runFolder);
        if (branchOf == null) {
            Checkpoint newest = Restart.newest(source);
            if (newest != null && checkpoint.equals(newest.state().identity().get(RECORD))) {
                return null;
            }
        }
        String found = named("resume from", source, checkpoint);
        return branchOf == null && found.equals(new MetaStore(source).read().checkpoint()) ? null : found;
    }

    /**
     * The name of the checkpoint that is meant by {@code step-0000000040}, {@code step-40} or {@code 40}: the newest copy
     * of that step, unless a copy is named.
     *
     * @param setting that names it, for the message
     * @throws IllegalArgumentException with one line, if the run folder has none
     */
    public static String named(String setting, Path runFolder, String text) {
        CheckpointName asked = CheckpointName.parse(canonical(setting, text));
        List<CheckpointName> names = names(runFolder);
        return names.stream()
                .filter(name -> asked.copy() == 0 ? name.step() == asked.step() : name.equals(asked))
                .map(CheckpointName::toString)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(setting + " " + asked + ": " + runFolder
                        + (names.isEmpty() ? " has no checkpoint." : " has only " + join(names) + ".")));
    }

    private static List<CheckpointName> names(Path runFolder) {
        try {
            return CheckpointName.list(runFolder);
        } catch (IOException problem) {
            throw DurableFiles.failed(runFolder, problem);
        }
    }

    private static String join(List<CheckpointName> names) {
        return names.stream().map(CheckpointName::toString).sorted().collect(Collectors.joining(", "));
    }

    /**
     * Where the run starts. Errors are those of {@link Restart#find} and {@link #start}. Changes nothing.
     *
     * @throws Restart.NoGoodCheckpointException also if the checkpoint that was asked for is damaged
     */
    public Restart find(Path runFolder) {
        String name = start(runFolder);
        Path source = source(runFolder);
        return name == null ? Restart.find(source) : Restart.from(source, name);
    }

    /** The epochs that remain, for a total of {@code epochs}, by what the files say. Verifies nothing. */
    public MetaStore.ResumePlan plan(Path runFolder, int epochs) {
        String name = start(runFolder);
        Path source = source(runFolder);
        return name == null
                ? new MetaStore(source).plan(epochs)
                : new MetaStore.ResumePlan(
                        Restart.unverified(source, name).state().lastEpoch(), epochs);
    }

    /** The checkpoints that going back would delete, newest first; empty if the run does not go back. */
    public List<String> deletes(Path runFolder) {
        String name = branchOf == null ? start(runFolder) : null;
        if (name == null) {
            return List.of();
        }
        CheckpointName back = CheckpointName.parse(name);
        return names(runFolder).stream()
                .filter(newer -> newer.compareTo(back) > 0)
                .map(CheckpointName::toString)
                .toList();
    }

    /**
     * Makes the checkpoint the current one of the run folder: by naming it, or by a copy of it and of the loss history
     * in a run that branches off. The folder exists.
     *
     * @param lock of the folder
     * @return where the run resumes now
     * @throws IllegalArgumentException with one line, if the copy cannot be written
     */
    public Restart settle(Path runFolder, Restart found, RunLock lock) {
        Checkpoint start = found.checkpoint();
        if (!branches(runFolder) && start(runFolder) == null) {
            return found;
        }
        DurableFiles files = lock.files();
        MetaStore metaStore = new MetaStore(runFolder);
        try {
            if (branches(runFolder)) {
                copy(start, runFolder, files);
                metaStore.commit(Meta.NONE.after(start.state(), start.name()), files);
            } else {
                metaStore.commit(metaStore.read().after(start.state(), start.name()), files);
            }
        } catch (IOException problem) {
            throw new IllegalArgumentException(
                    "The run folder " + runFolder + " cannot hold checkpoints: " + DurableFiles.cause(problem),
                    problem);
        }
        return Restart.find(runFolder);
    }

    /** Deletes what a run left in its new folder that could not branch off: its lock, and the folder if that is all. */
    public void abandon(Path runFolder) {
        try {
            if (branches(runFolder)
                    && Files.isDirectory(runFolder)
                    && DurableFiles.list(runFolder).equals(List.of(runFolder.resolve(RunLock.FILE)))) {
                DurableFiles.delete(runFolder);
            }
        } catch (IOException | RuntimeException kept) {
            // An empty folder does no harm, and the failure that led here is told.
            return;
        }
    }

    private void copy(Checkpoint start, Path runFolder, DurableFiles files) throws IOException {
        Path history = branchOf.resolve(LossHistory.FILE);
        Path historyCopy = runFolder.resolve(LossHistory.FILE);
        DurableFiles.delete(historyCopy);
        if (Files.exists(history)) {
            files.create(historyCopy, channel -> Files.copy(history, Channels.newOutputStream(channel)));
        }
        Path log = branchOf.resolve(TrainingLog.FILE);
        if (Files.exists(log)) {
            Files.copy(log, runFolder.resolve(TrainingLog.FILE), StandardCopyOption.REPLACE_EXISTING);
        }
        Path temporary = runFolder.resolve(start.name() + ".1.tmp");
        DurableFiles.delete(temporary);
        Files.createDirectory(temporary);
        for (Path file : DurableFiles.list(start.folder())) {
            if (Files.isRegularFile(file)) {
                files.create(
                        temporary.resolve(file.getFileName()),
                        channel -> Files.copy(file, Channels.newOutputStream(channel)));
            }
        }
        files.forceFolder(temporary, FaultPoint.FORCE_CHECKPOINT);
        files.move(temporary, runFolder.resolve(start.name()), FaultPoint.MOVE_CHECKPOINT);
        files.forceFolder(runFolder, FaultPoint.FORCE_RUN_FOLDER);
    }
}
