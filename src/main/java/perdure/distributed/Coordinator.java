package perdure.distributed;

import static perdure.distributed.Meeting.read;
import static perdure.distributed.Meeting.set;
import static perdure.distributed.Meeting.sleep;
import static perdure.distributed.Meeting.words;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Store;

/**
 * What the thread that trains has of the other ranks besides tensors: what they write at their {@link Meeting}, and the
 * end of every wait as soon as a rank is lost. Its {@link Heart} finds that, as do its own failed exchanges, and tells all
 * others by the {@link Ending}.
 */
final class Coordinator implements AutoCloseable {

    /** A rank that ends for a reason of its own writes it before its connections close; so long it may take. */
    private static final Duration REASON = Duration.ofMillis(500);

    /** A rank that lives shows it within this time. */
    private static final Duration SIGN_OF_LIFE = Meeting.HEARTBEAT.plusMillis(200);

    /** Where the first rank says how its lifeline is found. */
    private static final String LIFELINE = "lifeline";

    private final Launch launch;
    private final Workers.Options options;
    private final Meeting meeting;
    private final Store store;
    private final Ending ending;
    private final Heart heart;

    /** Meets the launcher or rank 0, and begins to watch. */
    Coordinator(Workers.Options options, BooleanSupplier stop, Consumer<WorkersLostException> overdue) {
        this.options = options;
        launch = options.launch();
        meeting = new Meeting(launch, options.exchangeTimeout(), stop);
        store = meeting.store();
        ending = new Ending(launch, options.silence(), meeting);
        heart = new Heart(launch, options.silence(), meeting, ending, overdue);
        if (launch.isFirst()) {
            write(LIFELINE, heart.lifeline());
        }
        heart.begin();
    }

    /** From now on the first rank hears at once if this one is gone. To be called when that has joined. */
    void holdLifeline() {
        heart.holdLifeline(await(LIFELINE, 0, options.exchangeTimeout()));
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
                throw ending.noticing(meeting.gone(broken));
            }
            if (stops) {
                meeting.goOn();
            }
            if (limit != null) {
                meeting.tellWaiting();
            }
            if (System.nanoTime() > end) {
                throw ending.noticing("rank " + rank + " has not come within " + words(limit));
            }
            sleep(Meeting.LOOK_MILLISECONDS);
        }
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
            ending.sayHeard();
            long start = System.nanoTime();
            Map<Integer, Heartbeat> silent = launch.isFirst() ? heart.others() : Map.of();
            long limit = SIGN_OF_LIFE.toNanos() * (launch.isFirst() ? 1 : 2);
            for (long time = 0; lost() == null && time < limit; time = System.nanoTime() - start) {
                ending.hear(read(store, Meeting.ABORT));
                silent.entrySet()
                        .removeIf(rank ->
                                ending.hasHeard(rank.getKey()) || heart.beatsSince(rank.getKey(), rank.getValue()));
                if (silent.size() == 1 && time > REASON.toNanos()) {
                    break;
                }
                sleep(Meeting.LOOK_MILLISECONDS);
            }
            if (lost() == null && !silent.isEmpty()) {
                ending.tell(
                        silent.keySet(),
                        silent.keySet().stream().map(heart::name).collect(Collectors.joining(", "))
                                + (silent.size() == 1 ? " is" : " are") + " lost: " + problem);
            } else if (lost() == null) {
                ending.tell(Set.of(), heart.name(launch.rank()) + " cannot exchange with the others: " + problem);
            }
        } catch (RuntimeException storeIsGoneToo) {
            return ending.noticing("a peer is lost: " + problem);
        }
        return ending.noticing("a peer is lost: " + problem);
    }

    /** @throws WorkersLostException if the workers are lost */
    void check() {
        ending.check();
    }

    /** From now on the calling thread need not notice that the workers are lost. */
    void goOnAlone() {
        ending.goOnAlone();
    }

    /** Why the workers are lost; null if they are not. */
    WorkersLostException lost() {
        return ending.lost();
    }

    /** Tells all others that this rank ends, and with which code they should. */
    void abort(WorkersLostException reason) {
        ending.abort(reason);
    }

    /** What this rank says with its next heartbeats: where it is, and how long it has waited for others in all. */
    void say(long nowAtStep, double secondsWaited) {
        heart.say(nowAtStep, secondsWaited);
    }

    /** All ranks that were heard, if this is the first one. */
    List<Workers.RankState> states() {
        return heart.states();
    }

    /** From now on no rank is missed that is gone: all have ended their work. */
    void endLifelines() {
        heart.close();
    }

    /** Frees the store, after {@link #close}, when nothing uses it any more. */
    void free() {
        meeting.free();
    }

    /** No longer watches, nor is anything to be heard of this rank. The first one waits until the others have heard. */
    @Override
    public void close() {
        ending.close();
        heart.close();
    }
}
