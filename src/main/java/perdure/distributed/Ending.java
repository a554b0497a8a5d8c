package perdure.distributed;

import static perdure.distributed.Meeting.read;
import static perdure.distributed.Meeting.restart;
import static perdure.distributed.Meeting.set;
import static perdure.distributed.Meeting.sleep;

import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * Why this rank ends together with all others, if it does: found by it, or told by another at their {@link Meeting}. The
 * first reason counts. It does not know how a reason is found.
 */
final class Ending implements AutoCloseable {

    /** Before the number of a rank: that it ends too, and not because it is lost. */
    private static final String HEARD = "heard/";

    private final Launch launch;
    private final Duration silence;
    private final Meeting meeting;

    private final Set<Integer> missing = new ConcurrentSkipListSet<>();
    private volatile WorkersLostException lost;
    private volatile long lostSince;
    private volatile boolean told;
    private volatile boolean noticed;
    private volatile boolean closed;

    /** @param silence how long is waited for those that may still be on their way, so that they hear the reason */
    Ending(Launch launch, Duration silence, Meeting meeting) {
        this.launch = launch;
        this.silence = silence;
        this.meeting = meeting;
    }

    /** @throws WorkersLostException if the workers are lost */
    void check() {
        if (lost != null) {
            noticed = true;
            throw lost;
        }
    }

    /** Why the workers are lost; null if they are not. */
    WorkersLostException lost() {
        return lost;
    }

    /** When that was found, as {@link System#nanoTime}. */
    long lostSince() {
        return lostSince;
    }

    /** Whether the thread that uses the workers knows that they are lost, or need not know. */
    boolean isNoticed() {
        return noticed;
    }

    /** From now on that thread need not notice that the workers are lost. */
    void goOnAlone() {
        noticed = true;
    }

    /** Whether this rank neither ends by a reason nor has left the others. */
    boolean isYetToCome() {
        return lost == null && !closed;
    }

    boolean isClosed() {
        return closed;
    }

    /** The workers are lost for a reason that others find by themselves. */
    void lose(String reason) {
        lose(restart(sentence(reason)));
    }

    private synchronized void lose(WorkersLostException found) {
        if (lost == null && !closed) {
            lostSince = System.nanoTime();
            lost = found;
        }
    }

    /** The same, for the thread that uses them. Returns the exception to throw: for the reason that was found first. */
    WorkersLostException noticing(String reason) {
        lose(reason);
        noticed = true;
        return lost;
    }

    private static String sentence(String reason) {
        return WorkersLostException.STOPPED + reason;
    }

    /**
     * Tells all that they are to be started again.
     *
     * @param ranks that are lost, and will not hear it
     */
    void tell(Collection<Integer> ranks, String reason) {
        missing.addAll(ranks);
        WorkersLostException found = restart(sentence(reason));
        meeting.abort(found);
        told = true;
        lose(found);
    }

    /** Says that this rank ends as well, so that nobody takes it for the one that is lost. */
    void sayHeard() {
        set(meeting.store(), HEARD + launch.rank(), "");
    }

    /** Whether a rank has said that. */
    boolean hasHeard(int rank) {
        return read(meeting.store(), HEARD + rank) != null;
    }

    /** The same, by the connection of the heart. */
    boolean hasHeardByHeart(int rank) {
        return read(meeting.heart(), HEARD + rank) != null;
    }

    /** @param abort what another rank told; null: nothing */
    void hear(byte[] abort) {
        if (abort != null) {
            set(meeting.heart(), HEARD + launch.rank(), "");
            told = true;
            lose(Meeting.ending(abort));
        }
    }

    /** Tells all others that this rank ends, and with which code they should. */
    void abort(WorkersLostException reason) {
        if (lost == null && !closed) {
            closed = true;
            meeting.abort(reason);
            awaitHearing(reason);
        }
    }

    /**
     * Waits until the others have heard why they end: a short while, or as long as some may still be on their way. But
     * those that are to be started again need not hear it: they meet the others then.
     */
    private void awaitHearing(WorkersLostException reason) {
        boolean goOn = reason.exitCode() == WorkersLostException.START_AGAIN;
        try {
            sayHeard();
            Duration limit = goOn || meeting.isComplete() ? Meeting.HEARING : silence;
            long end = System.nanoTime() + limit.toNanos();
            for (int rank = 0; rank < launch.world(); rank++) {
                boolean waits = !goOn || meeting.hasJoined(rank);
                while (waits && !missing.contains(rank) && !hasHeard(rank) && System.nanoTime() < end) {
                    sleep(Meeting.LOOK_MILLISECONDS);
                }
            }
        } catch (RuntimeException storeIsGone) {
            return; // Rank 0 has heard it and has ended.
        }
    }

    /** Nothing is to be heard of this rank any more. The first one waits until the others have heard. */
    @Override
    public void close() {
        if (told && launch.isFirst() && !closed) {
            awaitHearing(lost);
        }
        closed = true;
    }
}
