package perdure.distributed;

import static perdure.distributed.Meeting.read;
import static perdure.distributed.Meeting.restart;
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
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Store;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.device.DaemonThread;

/**
 * Watches over the ranks of a run: each rank's heart beats at their {@link Meeting}, and each watches the next rank's.
 * Whoever finds that one is lost tells all others.
 *
 * <p>A call of the store blocks without limit if the network is cut. So the heart has a connection and a thread of its
 * own, and another thread, which calls nothing, watches the heart.
 */
final class Coordinator implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);

    /** Before the number of a rank: that it ends too, and not because it is lost. */
    private static final String HEARD = "heard/";

    /** A rank that ends for a reason of its own writes it before its connections close; so long it may take. */
    private static final Duration REASON = Duration.ofMillis(500);

    /** A rank that lives shows it within this time. */
    private static final Duration SIGN_OF_LIFE = Meeting.HEARTBEAT.plusMillis(200);

    /** Where the first rank says how its lifeline is found. */
    private static final String LIFELINE = "lifeline";

    /** The calling thread has so long to notice that the workers are lost. */
    private static final Duration NOTICE = Duration.ofSeconds(1);

    private final Launch launch;
    private final Workers.Options options;
    private final Consumer<WorkersLostException> overdue;
    private final Meeting meeting;
    private final Store store;
    private final Store heart;
    private final Lifeline lifeline;

    private final AtomicReferenceArray<Heard> heard;
    private final Set<Integer> missing = new ConcurrentSkipListSet<>();
    private volatile long step;
    private volatile double waited;
    private volatile long beaten = System.nanoTime();
    private volatile WorkersLostException lost;
    private volatile long lostSince;
    private volatile boolean told;
    private volatile boolean noticed;
    private volatile boolean gone; // the process of another, as this first rank found
    private volatile boolean closed;

    /** What a rank said last, and when another was heard. */
    private record Heard(Heartbeat last, long at) {}

    /** Meets the launcher or rank 0, and begins to watch. */
    Coordinator(Workers.Options options, BooleanSupplier stop, Consumer<WorkersLostException> overdue) {
        this.options = options;
        this.overdue = overdue;
        launch = options.launch();
        heard = new AtomicReferenceArray<>(launch.world());
        meeting = new Meeting(launch, options.exchangeTimeout(), stop);
        store = meeting.store();
        heart = meeting.heart();
        lifeline = new Lifeline(launch);
        if (launch.isFirst()) {
            write(LIFELINE, lifeline.place().getBytes(StandardCharsets.UTF_8));
        }
        DaemonThread.named("heartbeat").execute(this::beat);
        DaemonThread.named("watchdog").execute(this::watch);
    }

    /** From now on the first rank hears at once if this one is gone. To be called when that has joined. */
    void holdLifeline() {
        lifeline.connect(new String(await(LIFELINE, 0, options.exchangeTimeout()), StandardCharsets.UTF_8));
    }

    /** What libtorch's process groups find each other with. */
    Store store() {
        return store;
    }

    void write(String key, byte[] value) {
        set(store, key, value);
    }

    /**
     * What a rank has written, or writes within the time.
     *
     * @throws java.util.concurrent.CancellationException if a stop is asked for
     */
    byte[] await(String key, int rank, Duration limit) {
        return await(key, rank, limit, true);
    }

    /** The same at the end, also if that is because of a stop. */
    byte[] awaitEnd(String key, int rank, Duration limit) {
        return await(key, rank, limit, false);
    }

    private byte[] await(String key, int rank, Duration limit, boolean stops) {
        long end = limit == null ? Long.MAX_VALUE : System.nanoTime() + limit.toNanos();
        while (true) {
            check();
            try {
                byte[] value = read(store, key);
                if (value != null) {
                    return value;
                }
            } catch (RuntimeException broken) {
                throw lost(gone(broken));
            }
            if (stops) {
                meeting.goOn();
            }
            if (limit != null) {
                meeting.tellWaiting();
            }
            if (System.nanoTime() > end) {
                throw lost("rank " + rank + " has not come within " + words(limit));
            }
            sleep(Meeting.LOOK_MILLISECONDS);
        }
    }

    private String gone(RuntimeException broken) {
        return "the coordinator " + meeting.place() + " is gone: " + Meeting.firstLine(broken);
    }

    /**
     * Waits for something that another thread of this process does.
     *
     * @throws WorkersLostException as soon as the workers are lost, also if the other thread hangs
     */
    void await(Future<?> work) {
        while (true) {
            check();
            try {
                work.get(50, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException later) {
                continue;
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while waiting for the other ranks.", stopped);
            } catch (ExecutionException failed) {
                throw broken(failed.getCause());
            }
        }
    }

    /**
     * An exchange has failed: because another rank is lost, whose reason comes first if it could write one. Else the first
     * rank finds out who it is, and tells. If it does not, since it has not noticed anything, this one tells.
     */
    private WorkersLostException broken(Throwable failure) {
        if (failure.getClass() != RuntimeException.class) { // JavaCPP's for every C++ exception
            throw new IllegalStateException("An exchange with the other ranks failed: " + failure, failure);
        }
        String problem = Meeting.firstLine(failure);
        try {
            set(store, HEARD + launch.rank(), "");
            long start = System.nanoTime();
            Map<Integer, Heartbeat> silent = launch.isFirst() ? hearts() : Map.of();
            long limit = SIGN_OF_LIFE.toNanos() * (launch.isFirst() ? 1 : 2);
            for (long time = 0; lost == null && time < limit; time = System.nanoTime() - start) {
                hear(read(store, Meeting.ABORT));
                silent.entrySet().removeIf(rank -> lives(rank.getKey(), rank.getValue()));
                if (silent.size() == 1 && time > REASON.toNanos()) {
                    break;
                }
                sleep(Meeting.LOOK_MILLISECONDS);
            }
            if (lost == null && !silent.isEmpty()) {
                missing.addAll(silent.keySet());
                tell(silent.keySet().stream().map(this::name).collect(Collectors.joining(", "))
                        + (silent.size() == 1 ? " is" : " are") + " lost: " + problem);
            } else if (lost == null) {
                tell(name(launch.rank()) + " cannot exchange with the others: " + problem);
            }
        } catch (RuntimeException storeIsGoneToo) {
            return lost("a peer is lost: " + problem);
        }
        return lost("a peer is lost: " + problem);
    }

    /** The newest heartbeats of the others. */
    private Map<Integer, Heartbeat> hearts() {
        Map<Integer, Heartbeat> hearts = new TreeMap<>();
        for (int rank = 0; rank < launch.world(); rank++) {
            byte[] said = rank == launch.rank() ? null : read(store, Meeting.HEART + rank);
            if (said != null) {
                hearts.put(rank, Heartbeat.of(said));
            }
        }
        return hearts;
    }

    private boolean lives(int rank, Heartbeat before) {
        return read(store, HEARD + rank) != null
                || !Heartbeat.of(read(store, Meeting.HEART + rank)).equals(before);
    }

    private String name(int rank) {
        Heard last = heard.get(rank);
        return "rank " + rank + (last == null ? "" : " on " + last.last.host());
    }

    /** Tells all that they are to be started again. */
    private void tell(String reason) {
        WorkersLostException found = restart(sentence(reason));
        meeting.abort(found);
        told = true;
        lose(found);
    }

    /** @throws WorkersLostException if the workers are lost */
    void check() {
        if (lost != null) {
            noticed = true;
            throw lost;
        }
    }

    /** From now on the calling thread need not notice that the workers are lost. */
    void goOnAlone() {
        noticed = true;
    }

    /** Why the workers are lost; null if they are not. */
    WorkersLostException lost() {
        return lost;
    }

    /** The exception to throw, since the workers are lost: for the reason that was found first. */
    private WorkersLostException lost(String reason) {
        lose(restart(sentence(reason)));
        noticed = true;
        return lost;
    }

    private static String sentence(String reason) {
        return WorkersLostException.STOPPED + reason;
    }

    private synchronized void lose(WorkersLostException found) {
        if (lost == null && !closed) {
            lostSince = System.nanoTime();
            lost = found;
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
            set(store, HEARD + launch.rank(), "");
            Duration limit = goOn || meeting.isComplete() ? Meeting.HEARING : options.silence();
            long end = System.nanoTime() + limit.toNanos();
            for (int rank = 0; rank < launch.world(); rank++) {
                boolean waits = !goOn || meeting.hasJoined(rank);
                while (waits
                        && !missing.contains(rank)
                        && read(store, HEARD + rank) == null
                        && System.nanoTime() < end) {
                    sleep(Meeting.LOOK_MILLISECONDS);
                }
            }
        } catch (RuntimeException storeIsGone) {
            return; // Rank 0 has heard it and has ended.
        }
    }

    private void hear(byte[] abort) {
        if (abort != null) {
            set(heart, HEARD + launch.rank(), "");
            told = true;
            lose(Meeting.ending(abort));
        }
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
        for (long i = 0; !closed && lost == null; i++) {
            try {
                set(heart, Meeting.HEART + launch.rank(), new Heartbeat(i, step, waited, host).text());
                hear(read(heart, Meeting.ABORT));
                for (int rank : watched) {
                    watch(rank, read(heart, Meeting.HEART + rank));
                }
            } catch (RuntimeException broken) {
                if (!closed) {
                    lose(restart(sentence(gone(broken))));
                }
            }
            beaten = System.nanoTime();
            lifeline.beat();
            Integer ended = lifeline.awaitGone(Meeting.HEARTBEAT);
            if (ended != null) {
                miss(ended);
            }
        }
        if (lost == null) {
            meeting.freeHeart();
        }
    }

    /** Tells that a rank's process is gone, unless that has told why it ends. */
    private void miss(int rank) {
        try {
            hear(read(heart, Meeting.ABORT));
            if (lost == null && !closed && read(heart, HEARD + rank) == null) {
                gone = true;
                missing.add(rank);
                tell(name(rank) + " is lost: its process is gone");
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
        } else if (System.nanoTime() - before.at > options.silence().toNanos() && read(heart, HEARD + rank) == null) {
            missing.add(rank);
            tell(name(rank) + " has not been heard for " + words(options.silence()));
        }
    }

    /** Calls nothing that could block. */
    private void watch() {
        while (!closed) {
            sleep(100);
            if (lost == null && System.nanoTime() - beaten > options.silence().toNanos()) {
                lose(restart(sentence(
                        "no word from the coordinator " + meeting.place() + " for " + words(options.silence()))));
            }
            if (lost != null) {
                while (!noticed && System.nanoTime() - lostSince < notice().toNanos()) {
                    sleep(10);
                }
                if (!noticed) {
                    overdue.accept(lost);
                }
                return;
            }
        }
    }

    /** The first rank, which the network does not hold if a process is gone, may finish a micro-batch, to save its steps. */
    private Duration notice() {
        return gone && step > 0 ? options.silence() : NOTICE;
    }

    /** From now on no rank is missed that is gone: all have ended their work. */
    void endLifelines() {
        lifeline.close();
    }

    /** Frees the store, after {@link #close}, when nothing uses it any more. */
    void free() {
        meeting.free();
    }

    /** No longer watches, nor is anything to be heard of this rank. The first one waits until the others have heard. */
    @Override
    public void close() {
        if (told && launch.isFirst() && !closed) {
            awaitHearing(lost);
        }
        closed = true;
        lifeline.close();
    }
}
