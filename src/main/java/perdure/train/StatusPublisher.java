package perdure.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.status.StatusJson;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingStatus;

/**
 * Hands the trainer's status to everyone who reads it: at once through an atomic reference, and at most once a second
 * through {@code training_status.json} in the run folder.
 */
public final class StatusPublisher {
    private static final Logger LOG = LoggerFactory.getLogger(StatusPublisher.class);
    private static final long FILE_INTERVAL = Duration.ofSeconds(1).toNanos();

    private final AtomicReference<TrainingStatus> reference;
    private final Path file;
    private long lastWritten;
    private State lastState;
    private boolean failing;

    /** @param runFolder where the file goes; it exists */
    public StatusPublisher(AtomicReference<TrainingStatus> reference, Path runFolder) {
        this.reference = reference;
        this.file = runFolder.resolve("training_status.json");
    }

    public void publish(TrainingStatus status) {
        reference.set(status);
        State state = status.progress().state();
        long now = System.nanoTime();
        if (state != lastState || now - lastWritten >= FILE_INTERVAL) {
            lastState = state;
            lastWritten = now;
            write(status);
        }
    }

    /** A disk that is full must not end a run for the sake of its status: that is logged, once. */
    private void write(TrainingStatus status) {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            Files.write(temporary, StatusJson.full(status));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.warn("Cannot write {}: {}", file, e.getMessage());
            }
            failing = true;
        }
    }
}
