package perdure.distributed;

import static perdure.distributed.Meeting.read;
import static perdure.distributed.Meeting.set;
import static perdure.distributed.Meeting.sleep;
import static perdure.distributed.Meeting.words;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.device.DaemonThread;

/**
 * Shows that this rank lives, and finds that another does not: each rank's heart beats at their {@link Meeting}, and each
 * listens to the next rank's.
 *
 * <p>A call of the store blocks without limit if the network is cut. So the heart has a connection and a thread of its
 * own, and another thread, which calls nothing, watches the heart.
 */
final class Heart implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Heart.class);

    /** The calling thread has so long to notice that the workers are lost. */
    private static final Duration NOTICE = Duration.ofSeconds(1);

    private final Launch launch;
    private final Duration silence;
    private final Meeting meeting;
    private final Ending ending;
    private final Consumer<WorkersLostException> overdue;
    private final Lifeline lifeline;

    private final AtomicReferenceArray<Heard> heard;
    private volatile long step;
    private volatile double waited;
    private volatile long beaten = System.nanoTime();
    private volatile boolean gone; // the process of another, as this first rank found

    /** What a rank said last, and when another was heard. */
    private record Heard(Heartbeat last, long at) {}

    /**
     * It does not yet beat.
     *
     * @param overdue told if the workers are lost and the calling thread has not noticed in time
     */
    Heart(Launch launch, Duration silence, Meeting meeting, Ending ending, Consumer<WorkersLostException> overdue) {
        this.launch = launch;
        this.silence = silence;
        this.meeting = meeting;
        this.ending = ending;
        this.overdue = overdue;
        heard = new AtomicReferenceArray<>(launch.world());
        lifeline = new Lifeline(launch);
    }

    void begin() {
        DaemonThread.named("heartbeat").execute(this::beat);
        DaemonThread.named("watchdog").execute(this::watch);
    }

    /** How the others find the lifeline of this first rank. */
    byte[] lifeline() {
        return lifeline.place().getBytes(StandardCharsets.UTF_8);
    }

    /** From now on the first rank hears at once if this one is gone. */
    void holdLifeline(byte[] place) {
        lifeline.connect(new String(place, StandardCharsets.UTF_8));
    }

    /** What this rank says with its next heartbeats: where it is, and how long it has waited for others in all. */
    void say(long nowAtStep, double secondsWaited) {
        step = nowAtStep;
        waited = secondsWaited;
    }

    /** All ranks that were heard, if this is the first one. */
    List<Workers.RankState> states() {
        List<Workers.RankState> states = new ArrayList<>();
        for (int rank = 0; rank < heard.length(); rank++) {
            Heard known = heard.get(rank);
            if (known != null) {
                states.add(new Workers.RankState(
                        rank,
                        known.last.host(),
                        known.last.step(),
                        Math.round((System.nanoTime() - known.at) / 1e6) / 1e3,
                        known.last.waited()));
            }
        }
        return states;
    }

    /** A rank, for people. */
    String name(int rank) {
        Heard last = heard.get(rank);
        return "rank " + rank + (last == null ? "" : " on " + last.last.host());
    }

    /** The newest heartbeats of the others, by the connection of the calling thread. */
    Map<Integer, Heartbeat> others() {
        Map<Integer, Heartbeat> hearts = new TreeMap<>();
        for (int rank = 0; rank < launch.world(); rank++) {
            byte[] said = rank == launch.rank() ? null : read(meeting.store(), Meeting.HEART + rank);
            if (said != null) {
                hearts.put(rank, Heartbeat.of(said));
            }
        }
        return hearts;
    }

    /** Whether a heart has beaten since then. */
    boolean beatsSince(int rank, Heartbeat before) {
        return !Heartbeat.of(read(meeting.store(), Meeting.HEART + rank)).equals(before);
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "localhost";
        }
    }

    /** The first rank watches all, and itself; another one its successor. */
    private void beat() {
        int[] watched = launch.isFirst()
                ? IntStream.range(0, launch.world()).toArray()
                : new int[] {(launch.rank() + 1) % launch.world()};
        String host = host();
        for (long i = 0; ending.isYetToCome(); i++) {
            try {
                set(meeting.heart(), Meeting.HEART + launch.rank(), new Heartbeat(i, step, waited, host).text());
                ending.hear(read(meeting.heart(), Meeting.ABORT));
                for (int rank : watched) {
                    watch(rank, read(meeting.heart(), Meeting.HEART + rank));
                }
            } catch (RuntimeException broken) {
                ending.lose(meeting.gone(broken));
            }
            beaten = System.nanoTime();
            lifeline.beat();
            Integer ended = lifeline.awaitGone(Meeting.HEARTBEAT);
            if (ended != null) {
                miss(ended);
            }
        }
        if (ending.lost() == null) {
            meeting.freeHeart();
        }
    }

    /** Tells that a rank's process is gone, unless that has told why it ends. */
    private void miss(int rank) {
        try {
            ending.hear(read(meeting.heart(), Meeting.ABORT));
            if (ending.isYetToCome() && !ending.hasHeardByHeart(rank)) {
                gone = true;
                ending.tell(Set.of(rank), name(rank) + " is lost: its process is gone");
            }
        } catch (RuntimeException broken) {
            LOG.debug("The next heartbeat tells that the store is gone.", broken);
        }
    }

    private void watch(int rank, byte[] said) {
        if (said == null) {
            return;
        }
        Heartbeat now = Heartbeat.of(said);
        Heard before = heard.get(rank);
        if (before == null || !before.last.equals(now)) {
            heard.set(rank, new Heard(now, System.nanoTime()));
        } else if (System.nanoTime() - before.at > silence.toNanos() && !ending.hasHeardByHeart(rank)) {
            ending.tell(Set.of(rank), name(rank) + " has not been heard for " + words(silence));
        }
    }

    /** Calls nothing that could block. */
    private void watch() {
        while (!ending.isClosed()) {
            sleep(100);
            if (ending.lost() == null && System.nanoTime() - beaten > silence.toNanos()) {
                ending.lose("no word from the coordinator " + meeting.place() + " for " + words(silence));
            }
            WorkersLostException lost = ending.lost();
            if (lost != null) {
                while (!ending.isNoticed() && System.nanoTime() - ending.lostSince() < notice().toNanos()) {
                    sleep(10);
                }
                if (!ending.isNoticed()) {
                    overdue.accept(lost);
                }
                return;
            }
        }
    }

    /** The first rank, which the network does not hold if a process is gone, may finish a micro-batch, to save its steps. */
    private Duration notice() {
        return gone && step > 0 ? silence : NOTICE;
    }

    /** From now on no rank is missed whose process is gone. The heart beats until its {@link Ending} comes or is closed. */
    @Override
    public void close() {
        lifeline.close();
    }
}
