package perdure.checkpoint;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/**
 * Saves while training continues. It copies the state at once and writes the copy on a thread of its own, one save at a
 * time. Only the training thread uses it. The live state may change as soon as {@link #submit} has returned.
 */
public final class BackgroundSaver implements AutoCloseable {

    private final CheckpointStore store;
    private final SnapshotBuffer buffer = new SnapshotBuffer();
    private FutureTask<Outcome> inFlight;

    /**
     * How a save ended.
     *
     * @param step optimizer steps finished in the state that was to be saved
     * @param folder of the checkpoint, or null if the save failed
     * @param failure why it failed, or null
     * @param copySeconds for which training waited for the copy
     * @param writeSeconds from the copy to the commit, while training continued
     */
    public record Outcome(long step, Path folder, Throwable failure, double copySeconds, double writeSeconds) {}

    public BackgroundSaver(CheckpointStore store) {
        this.store = store;
    }

    /**
     * Starts to save the state, unless the save before is still in progress or its outcome has not been asked for.
     *
     * @return whether it started
     */
    public boolean submit(Snapshot live) {
        return submit(live, to -> to.accept(live.moments()));
    }

    /**
     * The same, with moments that may be in memory a part after another.
     *
     * @param moments shows them to its argument, in one or more calls; those that it does not show are as in the save
     *     before
     */
    public boolean submit(Snapshot live, Consumer<Consumer<Map<String, Tensor>>> moments) {
        if (inFlight != null) {
            return false;
        }
        long start = System.nanoTime();
        Snapshot copy = buffer.capture(live, moments);
        double copySeconds = secondsSince(start);
        inFlight = new FutureTask<>(() -> save(copy, copySeconds));
        Thread writer = new Thread(inFlight, "checkpoint-writer");
        // If the process exits without waiting, only a step that was never called saved is lost.
        writer.setDaemon(true);
        writer.start();
        return true;
    }

    private Outcome save(Snapshot snapshot, double copySeconds) {
        long start = System.nanoTime();
        long step = snapshot.state().position().step();
        try {
            Path folder = store.save(snapshot);
            return new Outcome(step, folder, null, copySeconds, secondsSince(start));
        } catch (RuntimeException | Error failure) {
            return new Outcome(step, null, failure, copySeconds, secondsSince(start));
        }
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    /** The outcome of a save that has ended since the last call, or null. Does not wait. */
    public Outcome poll() {
        return inFlight != null && inFlight.isDone() ? await() : null;
    }

    /** Waits for a save in progress. Returns its outcome, or null if there is none. */
    public Outcome await() {
        if (inFlight == null) {
            return null;
        }
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    Outcome outcome = inFlight.get();
                    inFlight = null;
                    return outcome;
                } catch (InterruptedException later) {
                    interrupted = true;
                } catch (ExecutionException impossible) {
                    throw new IllegalStateException("A save failed without an outcome.", impossible);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits for a save in progress. Ask for its outcome first. */
    @Override
    public void close() {
        await();
        buffer.close();
    }
}
