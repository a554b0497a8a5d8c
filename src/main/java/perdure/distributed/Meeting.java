package perdure.distributed;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.TCPStore;

/**
 * The key-value store of c10d's where the ranks of a run meet, in rank 0 or in the launcher, and the test whether this
 * rank belongs to those that are there. Values are bytes, written as text in base 64.
 */
final class Meeting {

    /** Why all ranks are to end: an exit code and a line. */
    static final String ABORT = "abort";

    /** Before the number of a rank: that it has joined. */
    static final String JOINED = "joined/";

    /** Before the number of a rank: its newest heartbeat. */
    static final String HEART = "heart/";

    /** Between two heartbeats. */
    static final Duration HEARTBEAT = Duration.ofSeconds(1);

    /** A rank that ends takes so long to tell the others why. */
    static final Duration HEARING = Duration.ofSeconds(3);

    /** Between two looks at what another rank is to write. */
    static final long LOOK_MILLISECONDS = 10;

    /** The world size and the attempt of rank 0. */
    private static final String FIRST = "perdure/first";

    private static final String CAME = "came/";

    /** Before a message of Gloo's: the line of its source. */
    private static final Pattern SOURCE = Pattern.compile("^\\[\\S+:[0-9]+\\] ");

    /**
     * What has native objects that are not freed yet. The garbage collector must not do that: it knows no order, and these
     * use each other. Those of ranks that could not join, or were lost, stay, since a thread may hang in them.
     */
    private static final Set<Object> HELD = ConcurrentHashMap.newKeySet();

    private final Launch launch;
    private final Duration patience;
    private final BooleanSupplier stop;
    private final MeetingPoint point;

    // A PrefixStore does not keep the store that it stands before.
    private final TCPStore connection;
    private final Store store;
    private final TCPStore heartConnection;
    private final Store heart;

    /**
     * Finds the store, or opens it.
     *
     * @param patience for others that are not there yet
     * @throws WorkersLostException if that is not possible, or if this rank does not belong to those that are there
     */
    Meeting(Launch launch, Duration patience, BooleanSupplier stop) {
        this.launch = launch;
        this.patience = patience;
        this.stop = stop;
        point = new MeetingPoint(launch, patience, stop);
        boolean listens = launch.isFirst() && !launch.attempt().launcherListens();
        if (listens) {
            point.requireFree();
        } else {
            point.awaitListener();
        }
        try (PointerScope scope = new PointerScope()) {
            connection = point.connect(listens, listens);
            heartConnection = point.connect(false, listens);
            String prefix = "perdure/attempt-" + launch.attempt().number();
            store = new PrefixStore(prefix, connection).retainReference();
            heart = new PrefixStore(prefix, heartConnection).retainReference();
            hold(this);
        }
        arrive();
    }

    /** Rank 0 says what it is; another one hears that. Nobody's heart beats for this rank yet. */
    private void arrive() {
        // The launcher's store outlives an attempt, that of rank 0 does not.
        Store common = launch.attempt().launcherListens() ? store : connection;
        String mine = launch.world() + " " + launch.attempt().number();
        if (launch.isFirst()) {
            set(common, FIRST, mine);
        } else {
            String[] first = awaitFirst(common).split(" ");
            if (!first[0].equals(Integer.toString(launch.world()))) {
                throw refuse("Rank " + launch.rank() + " of " + launch.world() + " has met rank 0 of " + first[0]
                        + " at " + place() + ": start all ranks of a run with the same world size.");
            }
            if (!first[1].equals(Integer.toString(launch.attempt().number()))) {
                throw restart("Rank " + launch.rank() + " of attempt "
                        + launch.attempt().number() + " has met rank 0 of attempt " + first[1] + " at " + place());
            }
        }
        if (store.add(CAME + launch.rank(), 1) > 1) {
            throw twin();
        }
    }

    private String awaitFirst(Store common) {
        long end = System.nanoTime() + patience.toNanos();
        for (byte[] first; System.nanoTime() < end; sleep(LOOK_MILLISECONDS)) {
            byte[] abort = read(store, ABORT);
            if (abort != null) {
                throw ending(abort);
            }
            first = read(common, FIRST);
            if (first != null) {
                return new String(first, StandardCharsets.UTF_8);
            }
            if (stop.getAsBoolean()) {
                abort(stopped(launch.rank()));
            }
            point.goOn();
            point.tellWaiting(() -> "rank 0");
        }
        throw restart("Rank 0 has not come to " + place() + " within " + words(patience));
    }

    /** Another process was this rank: it lives if its heart beats, else this one may come again. */
    private WorkersLostException twin() {
        String who = "Rank " + launch.rank() + " of " + launch.world();
        byte[] before = read(heart, HEART + launch.rank());
        for (long end = System.nanoTime() + HEARTBEAT.multipliedBy(3).toNanos(); System.nanoTime() < end; ) {
            byte[] now = read(heart, HEART + launch.rank());
            if (!Arrays.equals(before, now)) {
                return refuse(who + " is at " + place() + " already, on "
                        + Heartbeat.of(now).host()
                        + ": start each rank once, and give another run another port.");
            }
            sleep(LOOK_MILLISECONDS);
        }
        return restart(who + " has come to " + place() + " before, and was lost");
    }

    /** As long as the ranks are not complete all of them end; later a stranger does not disturb them. */
    private WorkersLostException refuse(String line) {
        WorkersLostException refused = new WorkersLostException(WorkersLostException.NEVER_AGAIN, line);
        if (!isComplete()) {
            abort(refused);
        }
        return refused;
    }

    /** Whether all ranks have joined. */
    boolean isComplete() {
        return IntStream.range(0, launch.world()).allMatch(this::hasJoined);
    }

    /** If that takes long, the first rank says once which have not. */
    void tellWaiting() {
        if (launch.isFirst() && !isComplete()) {
            point.tellWaiting(() -> IntStream.range(0, launch.world())
                    .filter(rank -> !hasJoined(rank))
                    .mapToObj(rank -> "rank " + rank)
                    .collect(Collectors.joining(", ")));
        }
    }

    boolean hasJoined(int rank) {
        return read(store, JOINED + rank) != null;
    }

    /** @throws CancellationException if a stop is asked for */
    void goOn() {
        point.goOn();
    }

    /** What the others hear of a rank that is stopped while it waits for some of them. */
    static WorkersLostException stopped(int rank) {
        return restart(WorkersLostException.STOPPED + "rank " + rank + " was stopped while it waited for the others");
    }

    /** That the store does not answer, in words. */
    String gone(RuntimeException broken) {
        return "the coordinator " + place() + " is gone: " + firstLine(broken);
    }

    String place() {
        return point.toString();
    }

    static WorkersLostException restart(String line) {
        return new WorkersLostException(WorkersLostException.START_AGAIN, line + ".");
    }

    static String words(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    /** libtorch's messages carry native stack frames after the first line. Without its full stop. */
    static String firstLine(Throwable failure) {
        String line =
                Objects.toString(failure.getMessage(), "").lines().findFirst().orElse("");
        return SOURCE.matcher(line).replaceFirst("").replaceFirst("\\.+$", "");
    }

    static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Tells all ranks to end with this. */
    void abort(WorkersLostException reason) {
        set(store, ABORT, reason.exitCode() + " " + reason.getMessage());
    }

    /** What {@link #abort} wrote. */
    static WorkersLostException ending(byte[] abort) {
        String[] parts = new String(abort, StandardCharsets.UTF_8).split(" ", 2);
        return new WorkersLostException(Integer.parseInt(parts[0]), parts[1]);
    }

    /** That of the thread that trains. */
    Store store() {
        return store;
    }

    /** The same, by the connection of the heart. */
    Store heart() {
        return heart;
    }

    static void set(Store store, String key, byte[] value) {
        store.set(key, Base64.getEncoder().encodeToString(value));
    }

    static void set(Store store, String key, String value) {
        set(store, key, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Null if nobody has written it. */
    static byte[] read(Store store, String key) {
        try (PointerScope scope = new PointerScope()) {
            return store.check(new StringVector(key)) ? Base64.getDecoder().decode(store.get_to_str(key)) : null;
        }
    }

    /** Keeps an object with native ones from the garbage collector, until it is released. */
    static void hold(Object owner) {
        HELD.add(owner);
    }

    /** To be called when the native objects are freed. */
    static void release(Object owner) {
        HELD.remove(owner);
    }

    /** Frees the connection of the heart, when it has beaten last. */
    void freeHeart() {
        heart.close();
        heartConnection.close();
    }

    /** Frees the store, when nothing uses it any more, the heart included. */
    void free() {
        store.close();
        connection.close();
        release(this);
    }
}
