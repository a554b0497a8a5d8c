package perdure.server;

import io.undertow.UndertowOptions;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpHandler;
import io.undertow.server.protocol.http.HttpOpenListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioWorker;
import org.xnio.channels.AcceptingChannel;

/**
 * The open port: Undertow's parts for HTTP/1.1, put together as its own builder does, except that {@link Connections}
 * sees each connection that is opened. One I/O thread and two workers, all daemons.
 */
final class HttpListener implements AutoCloseable {

    private static final int BUFFER_BYTES = 16 << 10;
    private static final int CLOSING_MILLIS = 2_000;
    /**
     * Bytes of a body in chunks that are read beyond the limit. Its length is known only at its end, and where Undertow's own
     * limit is reached, the connection is closed without the refusal, and a stack trace is printed.
     */
    private static final long READ_BEYOND = 16 << 20;

    private final XnioWorker threads;
    private final AcceptingChannel<StreamConnection> accepting;
    private final int port;

    private HttpListener(XnioWorker threads, AcceptingChannel<StreamConnection> accepting) {
        this.threads = threads;
        this.accepting = accepting;
        this.port = accepting.getLocalAddress(InetSocketAddress.class).getPort();
    }

    /**
     * Returns once the port is open.
     *
     * @param handler starts on the I/O thread
     * @throws IOException if the address cannot be bound
     */
    static HttpListener open(InetSocketAddress address, Limits limits, HttpHandler handler) throws IOException {
        XnioWorker threads = Xnio.getInstance(HttpListener.class.getClassLoader())
                .createWorker(OptionMap.builder()
                        .set(Options.WORKER_NAME, "perdure-server")
                        .set(Options.WORKER_IO_THREADS, 1)
                        .set(Options.WORKER_TASK_CORE_THREADS, 2)
                        .set(Options.WORKER_TASK_MAX_THREADS, 2)
                        .set(Options.THREAD_DAEMON, true)
                        .getMap());
        Connections connections = new Connections(limits.connections(), handler);
        HttpOpenListener http =
                new HttpOpenListener(new DefaultByteBufferPool(true, BUFFER_BYTES, -1, 4), protocol(limits));
        http.setRootHandler(connections);
        try {
            AcceptingChannel<StreamConnection> accepting = threads.createStreamConnectionServer(
                    address, ChannelListeners.openListenerAdapter(connections.opening(http)), sockets(limits));
            accepting.resumeAccepts();
            return new HttpListener(threads, accepting);
        } catch (IOException unbindable) {
            threads.shutdownNow();
            throw unbindable;
        }
    }

    private static OptionMap protocol(Limits limits) {
        return OptionMap.builder()
                .set(UndertowOptions.REQUEST_PARSE_TIMEOUT, millis(limits.headers()))
                .set(UndertowOptions.NO_REQUEST_TIMEOUT, millis(limits.idle()))
                .set(UndertowOptions.IDLE_TIMEOUT, millis(limits.stalled()))
                .set(UndertowOptions.MAX_ENTITY_SIZE, limits.bodyBytes() + READ_BEYOND)
                .set(UndertowOptions.MAX_HEADER_SIZE, 16 << 10)
                .set(UndertowOptions.MAX_HEADERS, 64)
                .set(UndertowOptions.MAX_PARAMETERS, 32)
                .getMap();
    }

    /** One connection more than the limit is accepted, since it makes room for itself. */
    private static OptionMap sockets(Limits limits) {
        return OptionMap.builder()
                .set(Options.TCP_NODELAY, true)
                .set(Options.REUSE_ADDRESSES, true)
                .set(Options.BACKLOG, 1_000)
                .set(Options.CONNECTION_HIGH_WATER, limits.connections() + 1)
                .set(Options.CONNECTION_LOW_WATER, limits.connections() + 1)
                .getMap();
    }

    private static int millis(Duration duration) {
        return Math.toIntExact(duration.toMillis());
    }

    /** The port that is open, also if a free one was asked for. */
    int port() {
        return port;
    }

    /** Frees the port and closes every connection. Does nothing the second time, when no thread is left to do it. */
    @Override
    public void close() {
        if (!accepting.isOpen()) {
            return;
        }
        IoUtils.safeClose(accepting);
        threads.shutdown();
        try {
            if (threads.awaitTermination(CLOSING_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
        threads.shutdownNow();
    }
}
