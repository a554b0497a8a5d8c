package perdure.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.checkpoint.DurableFiles;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.NewerFormatException;
import perdure.checkpoint.RunLock;
import perdure.checkpoint.TrainingLog;
import perdure.status.RunFacts;
import perdure.status.StatusJson;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.FinishedEpoch;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingStatus;
import perdure.status.WorkersStatus;

/**
 * Publishes the trainer's status: at once in an atomic reference, and in {@code training_status.json} in the run
 * folder. Speed, memory and samples of the past go to the training log there. The files are written when the state
 * changes, and otherwise at most once per second.
 */
public final class StatusPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(StatusPublisher.class);
    private static final String FILE = "training_status.json";
    private static final int LONGEST = 1 << 20;
    private static final long FILE_INTERVAL = Duration.ofSeconds(1).toNanos();

    private final AtomicReference<TrainingStatus> reference;
    private final Path file;
    private final RunLock lock;
    private long lastWritten;
    private State lastState;
    private boolean failing;
    private TrainingLog log;
    private long loggedStep;
    private FinishedEpoch loggedEpoch;

    /**
     * @param runFolder an existing folder, where the files are written
     * @param lock of the folder
     * @param step that the run resumes from
     */
    public StatusPublisher(AtomicReference<TrainingStatus> reference, Path runFolder, RunLock lock, long step) {
        this.reference = reference;
        this.file = runFolder.resolve(FILE);
        this.lock = lock;
        loggedStep = step;
        try {
            log = TrainingLog.open(runFolder, step);
        } catch (IOException | NewerFormatException unusable) {
            LOG.warn("Cannot write {}: {}", runFolder.resolve(TrainingLog.FILE), unusable.getMessage());
        }
    }

    /**
     * What is known of a run while nothing trains: its last status, if the folder has one, and how it ended. A process that
     * was killed could not say that; then the message does.
     *
     * @param finishedEpochs by the commit point
     */
    public static TrainingStatus last(Path runFolder, int finishedEpochs) {
        RunFacts folder = RunFacts.of(runFolder.toString(), null);
        TrainingStatus last = read(runFolder);
        if (last == null) {
            return TrainingStatus.idle(finishedEpochs, finishedEpochs).withRun(folder);
        }
        TrainingProgress progress = last.progress();
        if (last.running()) {
            progress = progress.with(
                    State.IDLE,
                    RunLock.isHeld(runFolder)
                            ? "Another process trains this run."
                            : String.format(
                                    Locale.ROOT,
                                    "The process that trained this run was ended at step %,d before it could save.",
                                    progress.position().step()));
        }
        return new TrainingStatus(
                false,
                finishedEpochs,
                Math.max(finishedEpochs, last.totalEpochs()),
                last.loss(),
                progress,
                last.run() == null ? folder : last.run());
    }

    /** Null if the folder has no status, or none that can be read. */
    private static TrainingStatus read(Path runFolder) {
        try (InputStream in = Files.newInputStream(runFolder.resolve(FILE))) {
            return StatusJson.read(in.readNBytes(LONGEST));
        } catch (IOException | IllegalArgumentException none) {
            return null;
        }
    }

    /** The training tokens that a run had in its last process; 0 if they are not known. */
    public static long lastTrainingTokens(Path runFolder) {
        TrainingStatus last = read(runFolder);
        return last == null || last.run() == null ? 0 : last.run().trainingTokens();
    }

    /**
     * The last loss of a rank among those that trained a run, which nobody trains now; null if none is known. A first rank
     * that was killed could not say so: then its status is that of a run in progress.
     */
    public static WorkersStatus.Loss lastLoss(Path runFolder) {
        TrainingStatus last = read(runFolder);
        if (last == null || last.workers() == null) {
            return null;
        }
        if (!last.running()) {
            return last.workers().lost();
        }
        try {
            return new WorkersStatus.Loss(
                    "rank 0 is lost",
                    last.progress().position().step(),
                    Files.getLastModifiedTime(runFolder.resolve(FILE)).toString());
        } catch (IOException gone) {
            return null;
        }
    }

    public void publish(TrainingStatus status) {
        reference.set(status);
        if (log != null) {
            log(status.progress(), status.currentEpoch() - 1);
        }
        State state = status.progress().state();
        long now = System.nanoTime();
        if (state != lastState || now - lastWritten >= FILE_INTERVAL) {
            lastState = state;
            lastWritten = now;
            write(status);
        }
    }

    private void log(TrainingProgress progress, int epoch) {
        long step = progress.position().step();
        FinishedEpoch finished = progress.lastEpoch();
        if (finished != null && finished != loggedEpoch) {
            loggedEpoch = finished;
            log.add(new LossCurve.Sample(step, finished.epoch() - 1, finished.sample()));
        }
        Double tokensPerSecond = progress.speed().tokensPerSecond();
        if (step > loggedStep && step % Trainer.HISTORY_INTERVAL == 0 && tokensPerSecond != null) {
            loggedStep = step;
            log.add(new LossCurve.Measurement(
                    step, epoch, Math.round(tokensPerSecond), progress.speed().memoryBytes()));
        }
    }

    /** A failure, such as a full disk, must not end the run: it is logged once. */
    private void write(TrainingStatus status) {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            lock.requireHeld();
            Files.write(temporary, StatusJson.full(status));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            if (log != null) {
                log.write();
            }
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.warn("Cannot write {}: {}", file, DurableFiles.cause(e));
            }
            failing = true;
        }
    }
}
