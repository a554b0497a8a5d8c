package perdure.distributed;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.device.DaemonThread;

/**
 * A connection of each other rank to the first one, which hears by it at once that a process is gone: whatever ended it,
 * its system closes what it had open. A rank that cannot connect does without, and is missed when its heart is not heard.
 */
final class Lifeline implements AutoCloseable {

    private static final int CONNECT_MILLISECONDS = 2000;

    private static final int HELLO_MILLISECONDS = 10_000;

    /** Connections at once, besides one for each rank: a stranger that opens more is closed. */
    private static final int STRANGERS = 16;

    private static final Logger LOG = LoggerFactory.getLogger(Lifeline.class);

    private final Launch launch;
    private final long secret = new SecureRandom().nextLong(); // Strangers may connect too.
    private final BlockingQueue<Integer> gone = new LinkedBlockingQueue<>();
    private final Semaphore open;
    private final ServerSocket listening; // null: another rank than the first
    private volatile Socket connection; // null: the first rank, or one that does without
    private volatile boolean closed;

    Lifeline(Launch launch) {
        this.launch = launch;
        open = new Semaphore(launch.world() + STRANGERS);
        listening = launch.isFirst() ? listen() : null;
    }

    private ServerSocket listen() {
        try {
            ServerSocket opened = new ServerSocket(0, Math.max(50, launch.world()));
            DaemonThread.named("lifeline").execute(() -> accept(opened));
            return opened;
        } catch (IOException unable) {
            LOG.debug("Ranks that are gone are missed only when their hearts are not heard.", unable);
            return null;
        }
    }

    private void accept(ServerSocket from) {
        try {
            while (true) {
                Socket accepted = from.accept();
                if (open.tryAcquire()) {
                    DaemonThread.named("lifeline of another").execute(() -> watch(accepted));
                } else {
                    accepted.close();
                }
            }
        } catch (IOException ended) {
            LOG.debug("No lifeline is accepted any more.", ended);
        }
    }

    /** Reads what a rank sends until its connection ends. */
    private void watch(Socket accepted) {
        int rank = 0; // of none that is watched
        try (accepted;
                DataInputStream in = new DataInputStream(accepted.getInputStream())) {
            accepted.setSoTimeout(HELLO_MILLISECONDS);
            if (in.readLong() != secret) {
                return;
            }
            rank = in.readInt();
            accepted.setSoTimeout(0); // One that is stopped sends nothing, and may go on.
            while (!closed && in.read() >= 0) {
                continue;
            }
        } catch (IOException ended) {
            LOG.debug("The connection of rank {} has ended.", rank, ended);
        } finally {
            open.release();
        }
        if (!closed && rank > 0) {
            gone.add(rank);
        }
    }

    /** How the others find the first rank's; empty if there is none. */
    String place() {
        return listening == null ? "" : listening.getLocalPort() + " " + secret;
    }

    /** Connects this rank to the first one. */
    void connect(String place) {
        if (launch.isFirst() || place.isEmpty()) {
            return;
        }
        String[] parts = place.split(" ");
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(launch.host(), Integer.parseInt(parts[0])), CONNECT_MILLISECONDS);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeLong(Long.parseLong(parts[1]));
            out.writeInt(launch.rank());
            connection = socket;
        } catch (IOException unable) {
            LOG.debug("This rank does without a lifeline.", unable);
        }
    }

    /** Waits for a while, at most until a rank is gone, whose number it returns; null if none is. */
    Integer awaitGone(Duration time) {
        try {
            return gone.poll(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /** Sends a byte, so that no firewall takes the connection for one that is left over. */
    void beat() {
        Socket socket = connection;
        if (socket != null) {
            try {
                socket.getOutputStream().write(0);
            } catch (IOException ended) {
                connection = null; // The heart is heard by the store.
            }
        }
    }

    /** From now on nobody is missed, nor is this rank. */
    @Override
    public void close() {
        closed = true;
        try (ServerSocket server = listening;
                Socket socket = connection) {
            LOG.debug("The lifelines end.");
        } catch (IOException unable) {
            LOG.debug("A lifeline cannot be closed.", unable);
        }
    }
}
