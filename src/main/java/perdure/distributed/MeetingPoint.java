package perdure.distributed;

import static perdure.distributed.Meeting.firstLine;
import static perdure.distributed.Meeting.restart;
import static perdure.distributed.Meeting.sleep;
import static perdure.distributed.Meeting.words;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.device.DaemonThread;

/** The address at which the ranks of a run meet, and how this one gets there. It does not know what they write there. */
final class MeetingPoint {

    private static final Logger LOG = LoggerFactory.getLogger(MeetingPoint.class);

    private static final int CONNECT_MILLISECONDS = 2000;

    private static final int UNPRIVILEGED_PORTS = 1024;

    /** After so long people are told for whom is waited: one may have been started otherwise, or elsewhere. */
    private static final Duration TELL_WAITING = Duration.ofSeconds(5);

    private final Launch launch;
    private final Duration patience;
    private final BooleanSupplier stop;
    private final long begun = System.nanoTime();
    private boolean toldWaiting;

    /** @param patience for others that are not there yet */
    MeetingPoint(Launch launch, Duration patience, BooleanSupplier stop) {
        this.launch = launch;
        this.patience = patience;
        this.stop = stop;
    }

    /**
     * Connects to the store, or opens it. On a thread of its own: a stranger that listens there may never answer, for which
     * the store waits without limit.
     *
     * @param listens whether it is opened
     * @param here whether it is this process that listens, who need not be known by its name
     */
    TCPStore connect(boolean listens, boolean here) {
        CompletableFuture<TCPStore> connecting = CompletableFuture.supplyAsync(
                () -> {
                    try (PointerScope scope = new PointerScope()) {
                        TCPStoreOptions choice = new TCPStoreOptions();
                        choice.port((short) launch.port()); // Those above 32767 survive the cast.
                        choice.isServer(listens);
                        choice.waitWorkers(false);
                        choice.timeout(new Milliseconds(patience.toMillis()));
                        String host = here ? InetAddress.getLoopbackAddress().getHostAddress() : launch.host();
                        return new TCPStore(host, choice).retainReference();
                    }
                },
                DaemonThread.named("meeting"));
        Attempts attempts = new Attempts();
        do {
            try {
                return connecting.get(Meeting.LOOK_MILLISECONDS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException later) {
                continue;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while meeting the other ranks.", interrupted);
            } catch (ExecutionException failed) {
                throw restart("Cannot meet the other ranks at " + this + ": " + firstLine(failed.getCause()));
            }
        } while (attempts.goOn());
        goOn();
        throw restart("What listens at " + this + " does not answer as rank 0 would, for " + words(patience));
    }

    /** @throws WorkersLostException if this process cannot listen there */
    void requireFree() {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(launch.port()));
        } catch (IOException taken) {
            boolean forbidden =
                    launch.port() < UNPRIVILEGED_PORTS && taken.getMessage().startsWith("Permission");
            throw new WorkersLostException(
                    forbidden ? WorkersLostException.NEVER_AGAIN : WorkersLostException.START_AGAIN,
                    "Rank 0 cannot listen at port " + launch.port() + ": " + taken.getMessage() + ".");
        }
    }

    /**
     * How long this rank tries to reach rank 0. One that is stopped meanwhile tries a little longer: rank 0 may be about to
     * come, and would wait for this one if it were not told.
     */
    private final class Attempts {
        private long end = System.nanoTime() + patience.toNanos();
        private boolean stopped;

        boolean goOn() {
            if (!stopped && stop.getAsBoolean()) {
                stopped = true;
                end = Math.min(end, System.nanoTime() + Meeting.HEARING.toNanos());
            }
            return System.nanoTime() < end;
        }
    }

    /**
     * Waits until somebody listens. The store itself would print native stack traces, and would take a name that is unknown
     * for a silent host.
     *
     * @throws WorkersLostException if nobody does within the time
     */
    void awaitListener() {
        Attempts attempts = new Attempts();
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
            String now = problem;
            tellWaiting(() -> "rank 0: " + now);
            sleep(100);
        } while (attempts.goOn());
        goOn();
        throw restart("Rank " + launch.rank() + " cannot meet the others at " + this + ": " + problem + ", for "
                + words(patience));
    }

    /** If this rank has waited for long, says so once. */
    void tellWaiting(Supplier<String> whom) {
        if (!toldWaiting && System.nanoTime() - begun > TELL_WAITING.toNanos()) {
            toldWaiting = true;
            LOG.info("Rank {} of {} waits at {} for {}.", launch.rank(), launch.world(), this, whom.get());
        }
    }

    /** @throws CancellationException if a stop is asked for */
    void goOn() {
        if (stop.getAsBoolean()) {
            throw new CancellationException("Stopped while waiting for the other ranks.");
        }
    }

    /** Host and port. */
    @Override
    public String toString() {
        return launch.host() + ":" + launch.port();
    }
}
