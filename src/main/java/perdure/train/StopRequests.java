package perdure.train;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The requests to stop a run, from any thread, and the moment by which it must have stopped. Whoever works asks between
 * two pieces of work whether to stop: so the time between two questions is also how long the last piece may take, which
 * is kept free before the deadline together with the time of a save.
 */
public class StopRequests {

    /** For what is not measured: the end of the process, and a machine that is busy for a moment. */
    private static final Duration MARGIN = Duration.ofSeconds(1);

    /** A long piece of work, such as the first step, is forgotten after some dozens of shorter ones. */
    private static final double FORGET = 0.9;

    /** Two saves: one that is in progress and, after it, that of the last step. */
    private static final int SAVES = 2;

    /** No stop was asked for, and the deadline is far. */
    public static final int NONE = 0;

    /** In place of the number of a signal: the deadline is near. */
    static final int DEADLINE = -1;

    private static final int TERM = 15;

    /** From the beginning to the deadline; null if there is none. */
    private final Duration limit;

    /** A clock that is set anew meanwhile moves no deadline. */
    private final LongSupplier nanoTime;

    private final long begun;
    private int count;
    private int first = TERM;
    private long lastQuestion;
    private double longestPiece;
    private double longestSave;
    private boolean saveMeasured;
    private boolean training;
    private boolean interrupted;

    /** @param deadline by which everything must be saved; null if there is none */
    public StopRequests(Instant deadline) {
        this(deadline, InstantSource.system(), System::nanoTime);
    }

    StopRequests(Instant deadline, InstantSource clock, LongSupplier nanoTime) {
        limit = deadline == null ? null : Duration.between(clock.instant(), deadline);
        this.nanoTime = nanoTime;
        begun = nanoTime.getAsLong();
        lastQuestion = begun;
    }

    /** Asks to stop, as the signal TERM does. */
    public void add() {
        add(TERM);
    }

    /** @param signal number of the signal that asks */
    public synchronized void add(int signal) {
        first = count == 0 ? signal : first;
        count++;
        notifyAll();
    }

    /** Number of the signal that asked first; that of TERM if none did. */
    public synchronized int firstSignal() {
        return first;
    }

    /** Why to stop: the number of the signal that asked, or {@link #DEADLINE}; {@link #NONE} if not. */
    int reason() {
        return !any() ? NONE : count() > 0 ? firstSignal() : DEADLINE;
    }

    /** What is heard of a stop that was agreed on: a request that this rank has not received itself. */
    synchronized void heard(int reason) {
        if (reason > 0 && count == 0) {
            add(reason);
        }
    }

    /** The reason to stop that is common to all ranks, of theirs: a signal before a deadline. */
    static int common(double... reasons) {
        int common = NONE;
        for (double reason : reasons) {
            common = common > 0 || reason == NONE ? common : (int) reason;
        }
        return common;
    }

    /** How often a stop was asked for. */
    public synchronized int count() {
        return count;
    }

    /** Training begins: from now on there is something to save. What came before says nothing about a step's time. */
    synchronized void beginTraining() {
        training = true;
        lastQuestion = nanoTime.getAsLong();
        longestPiece = 0;
    }

    /**
     * Whether to stop: because that was asked for, or because the deadline is near. An interrupt of the thread that asks is
     * such a request. It is taken from the thread, since Java closes the files that an interrupted thread writes to.
     */
    public synchronized boolean any() {
        if (Thread.interrupted()) {
            interrupted = true;
            add();
        }
        long now = nanoTime.getAsLong();
        longestPiece = Math.max((now - lastQuestion) / 1e9, longestPiece * FORGET);
        lastQuestion = now;
        return count > 0
                || limit != null
                        && Duration.ofNanos(now - begun).plus(reserve()).compareTo(limit) >= 0;
    }

    /** Whether an interrupt was taken from a thread, which gets it back when nothing is left to write. */
    public synchronized boolean wasInterrupted() {
        return interrupted;
    }

    /** Time to keep free before the deadline. */
    private Duration reserve() {
        return !training ? Duration.ZERO : MARGIN.plusNanos((long) ((2 * longestPiece + SAVES * longestSave) * 1e9));
    }

    /** A save is expected to take so many seconds; counts until the first was measured. */
    public synchronized void expectSave(double seconds) {
        longestSave = saveMeasured ? longestSave : seconds;
    }

    /** A save has taken so many seconds. */
    synchronized void saveTook(double seconds) {
        longestSave = saveMeasured ? Math.max(longestSave, seconds) : seconds;
        saveMeasured = true;
    }

    /** Waits until a stop is asked for once more than {@code before} times, or until the time is over. */
    synchronized void awaitMoreThan(int before, Duration time) {
        long end = System.nanoTime() + time.toNanos();
        try {
            for (long left = time.toMillis();
                    count <= before && left > 0;
                    left = (end - System.nanoTime()) / 1_000_000) {
                wait(left);
            }
        } catch (InterruptedException stopped) {
            interrupted = true;
            count++;
        }
    }
}
