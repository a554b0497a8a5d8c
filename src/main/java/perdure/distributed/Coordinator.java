package perdure.distributed;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import perdure.device.DaemonThread;

/**
 * Where the ranks of a run meet: a key-value store of c10d's, in rank 0 or in the launcher. Each rank's heart beats there,
 * and each watches the next rank's. Whoever finds that one is lost tells all others.
 *
 * <p>A call of the store blocks without limit if the network is cut. So the heart has a connection and a thread of its
 * own, and another thread, which calls nothing, watches the heart.
 */
final class Coordinator implements AutoCloseable {

    private static final String ABORT = "abort";
    private static final String HEARD = "heard/";
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);

    /** Between two looks at what another rank is to write. */
    private static final long LOOK_MILLISECONDS = 10;

    private static final int CONNECT_MILLISECONDS = 2000;

    /** A rank that ends for a reason of its own writes it before its connections close; so long it may take. */
    private static final Duration REASON = Duration.ofMillis(500);

    /** A rank that ends waits so long until the others have heard why: the store may end with it. */
    private static final Duration HEARING = Duration.ofSeconds(3);

    /** The calling thread has so long to notice that the workers are lost. */
    private static final Duration NOTICE = Duration.ofSeconds(1);

    /** Before a message of Gloo's: the line of its source. */
    private static final Pattern SOURCE = Pattern.compile("^\\[\\S+:[0-9]+\\] ");

    private final Launch launch;
    private final Workers.Options options;
    private final BooleanSupplier stop;
    private final Consumer<WorkersLostException> overdue;

    // A PrefixStore does not keep the store that it stands before.
    private final TCPStore connection;
    private final Store store;
    private final TCPStore heartConnection;
    private final Store heart;

    private final Heard[] heard;
    private volatile long step;
    private volatile double waited;
    private volatile long beaten = System.nanoTime();
    private volatile WorkersLostException lost;
    private volatile long lostSince;
    private volatile boolean noticed;
    private volatile boolean closed;

    /** Meets the launcher or rank 0, and begins to watch. */
    Coordinator(Workers.Options options, BooleanSupplier stop, Consumer<WorkersLostException> overdue) {
        this.options = options;
        this.stop = stop;
        this.overdue = overdue;
        launch = options.launch();
        heard = new Heard[launch.world()];
        boolean listens = launch.isFirst() && !launch.attempt().launcherListens();
        if (listens) {
            requireFreePort();
        } else {
            awaitListener();
        }
        try (PointerScope scope = new PointerScope()) {
            connection = connect(listens);
            heartConnection = connect(false);
            String prefix = "perdure/attempt-" + launch.attempt().number();
            store = new PrefixStore(prefix, connection).retainReference();
            heart = new PrefixStore(prefix, heartConnection).retainReference();
        } catch (RuntimeException failed) {
            throw restart("Cannot meet the other ranks at " + place() + ": " + firstLine(failed));
        }
        DaemonThread.named("heartbeat").execute(this::beat);
        DaemonThread.named("watchdog").execute(this::watch);
    }

    private TCPStore connect(boolean listens) {
        TCPStoreOptions choice = new TCPStoreOptions();
        choice.port((short) launch.port()); // Those above 32767 survive the cast.
        choice.isServer(listens);
        choice.waitWorkers(false);
        choice.timeout(new Milliseconds(options.exchangeTimeout().toMillis()));
        return new TCPStore(launch.host(), choice).retainReference();
    }

    private void requireFreePort() {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(launch.port()));
        } catch (IOException taken) {
            throw restart("Rank 0 cannot listen at port " + launch.port() + ": " + taken.getMessage());
        }
    }

    /** The store itself would print native stack traces, and would take a name that is unknown for a silent host. */
    private void awaitListener() {
        long end = System.nanoTime() + options.exchangeTimeout().toNanos();
        String problem;
        do {
            try (Socket probe = new Socket()) {
                probe.connect(
                        new InetSocketAddress(InetAddress.getByName(launch.host()), launch.port()),
                        CONNECT_MILLISECONDS);
                return;
            } catch (UnknownHostException unknown) {
                problem = "the host is unknown";
            } catch (IOException refused) {
                problem = refused.getMessage();
            }
            goOn();
            sleep(100);
        } while (System.nanoTime() < end);
        throw restart("Rank " + launch.rank() + " cannot meet the others at " + place() + ": " + problem + ", for "
                + words(options.exchangeTimeout()));
    }

    private String place() {
        return launch.host() + ":" + launch.port();
    }

    private static WorkersLostException restart(String line) {
        return new WorkersLostException(WorkersLostException.START_AGAIN, line + ".");
    }

    static String words(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    /** libtorch's messages carry native stack frames after the first line. */
    static String firstLine(Throwable failure) {
        String line =
                Objects.toString(failure.getMessage(), "").lines().findFirst().orElse("");
        return SOURCE.matcher(line).replaceFirst("");
    }

    /** What libtorch's process groups find each other with. */
    Store store() {
        return store;
    }

    void write(String key, byte[] value) {
        set(store, key, value);
    }

    private static void set(Store store, String key, byte[] value) {
        store.set(key, Base64.getEncoder().encodeToString(value));
    }

    private static void set(Store store, String key, String value) {
        set(store, key, value.getBytes(StandardCharsets.UTF_8));
    }

    private void goOn() {
        if (stop.getAsBoolean()) {
            throw new CancellationException("Stopped while waiting for the other ranks.");
        }
    }

    /**
     * What a rank has written, or writes within the time.
     *
     * @throws CancellationException if a stop is asked for
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
                goOn();
            }
            if (System.nanoTime() > end) {
                throw lost("rank " + rank + " has not come within " + words(limit));
            }
            sleep(LOOK_MILLISECONDS);
        }
    }

    /** Null if nobody has written it. */
    private static byte[] read(Store store, String key) {
        try (PointerScope scope = new PointerScope()) {
            return store.check(new StringVector(key)) ? Base64.getDecoder().decode(store.get_to_str(key)) : null;
        }
    }

    private String gone(RuntimeException broken) {
        return "the coordinator " + place() + " is gone: " + firstLine(broken);
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

    /** An exchange has failed: because another rank is lost, whose reason comes first if it could write one. */
    private WorkersLostException broken(Throwable failure) {
        if (failure.getClass() != RuntimeException.class) { // JavaCPP's for every C++ exception
            throw new IllegalStateException("An exchange with the other ranks failed: " + failure, failure);
        }
        long end = System.nanoTime() + REASON.toNanos();
        try {
            while (lost == null && System.nanoTime() < end) {
                hear(read(store, ABORT));
                sleep(LOOK_MILLISECONDS);
            }
        } catch (RuntimeException storeIsGoneToo) {
            return lost("a peer is lost: " + firstLine(failure));
        }
        return lost("a peer is lost: " + firstLine(failure));
    }

    /** @throws WorkersLostException if the workers are lost */
    void check() {
        if (lost != null) {
            noticed = true;
            throw lost;
        }
    }

    /** The exception to throw, since the workers are lost: for the reason that was found first. */
    private WorkersLostException lost(String reason) {
        lose(restart(sentence(reason)));
        noticed = true;
        return lost;
    }

    private static String sentence(String reason) {
        return "Stopped, to be started again: " + reason;
    }

    private synchronized void lose(WorkersLostException found) {
        if (lost == null && !closed) {
            lostSince = System.nanoTime();
            lost = found;
        }
    }

    /** Tells all others that this rank ends, and with which code they should. */
    void abort(int exitCode, String line) {
        if (lost == null && !closed) {
            closed = true;
            set(store, ABORT, exitCode + " " + line);
            long end = System.nanoTime() + HEARING.toNanos();
            for (int rank = 0; rank < launch.world() && System.nanoTime() < end; rank++) {
                while (rank != launch.rank() && read(store, HEARD + rank) == null && System.nanoTime() < end) {
                    sleep(LOOK_MILLISECONDS);
                }
            }
        }
    }

    private void hear(byte[] abort) {
        if (abort != null) {
            set(heart, HEARD + launch.rank(), "");
            String[] parts = new String(abort, StandardCharsets.UTF_8).split(" ", 2);
            lose(new WorkersLostException(Integer.parseInt(parts[0]), parts[1]));
        }
    }

    private static String key(int rank) {
        return "heart/" + rank;
    }

    /** What a rank said last, and when another was heard. */
    private record Heard(String text, long at) {}

    /** What this rank says with its next heartbeats: where it is, and how long it has waited for others in all. */
    void say(long nowAtStep, double secondsWaited) {
        step = nowAtStep;
        waited = secondsWaited;
    }

    /** All ranks that were heard, if this is the first one. */
    List<Workers.RankState> states() {
        List<Workers.RankState> states = new ArrayList<>();
        for (int rank = 0; rank < heard.length; rank++) {
            Heard last;
            synchronized (heard) {
                last = heard[rank];
            }
            if (last != null) {
                String[] parts = last.text.split(" ", 4);
                states.add(new Workers.RankState(
                        rank,
                        parts[3],
                        Long.parseLong(parts[1]),
                        Math.round((System.nanoTime() - last.at) / 1e6) / 1e3,
                        Double.parseDouble(parts[2])));
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
                set(heart, key(launch.rank()), i + " " + step + " " + Math.round(waited * 1e3) / 1e3 + " " + host);
                hear(read(heart, ABORT));
                for (int rank : watched) {
                    watch(rank, read(heart, key(rank)));
                }
            } catch (RuntimeException broken) {
                if (!closed) {
                    lose(restart(sentence(gone(broken))));
                }
            }
            beaten = System.nanoTime();
            sleep(HEARTBEAT.toMillis());
        }
        if (lost == null) {
            heart.close();
            heartConnection.close();
        }
    }

    private void watch(int rank, byte[] said) {
        if (said == null) {
            return;
        }
        String text = new String(said, StandardCharsets.UTF_8);
        synchronized (heard) {
            if (heard[rank] == null || !heard[rank].text.equals(text)) {
                heard[rank] = new Heard(text, System.nanoTime());
            }
        }
        if (System.nanoTime() - heard[rank].at > options.silence().toNanos()) {
            String line = "rank " + rank + " has not been heard for " + words(options.silence());
            set(heart, ABORT, WorkersLostException.START_AGAIN + " " + sentence(line) + ".");
            lose(restart(sentence(line)));
        }
    }

    /** Calls nothing that could block. */
    private void watch() {
        while (!closed) {
            sleep(100);
            if (lost == null && System.nanoTime() - beaten > options.silence().toNanos()) {
                lose(restart(sentence("no word from the coordinator " + place() + " for " + words(options.silence()))));
            }
            if (lost != null) {
                while (!noticed && System.nanoTime() - lostSince < NOTICE.toNanos()) {
                    sleep(10);
                }
                if (!noticed) {
                    overdue.accept(lost);
                }
                return;
            }
        }
    }

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Frees the store, after {@link #close}, when nothing uses it any more. */
    void free() {
        store.close();
        connection.close();
    }

    /** No longer watches, nor is anything to be heard of this rank. */
    @Override
    public void close() {
        closed = true;
    }
}
