package perdure.server.openai;

import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.xnio.IoUtils;
import org.xnio.conduits.ConduitStreamSourceChannel;

/**
 * Notices when a client goes away while it waits for its answer. Undertow does not read from a connection between a
 * request and the end of its answer, and only reading shows that the connection was reset or that the client sends no
 * more. The latter alone does not mean that it is gone: it may have closed its sending side and still read. Only sending
 * tells, since a client that is gone resets what it gets. An answer under way does so by itself; before it begins,
 * interim responses do (100 Continue, which clients discard; RFC 9110, section 15.2.1).
 */
public final class ClientWatch {

    private static final long FIRST_PROBE_MILLIS = 500;
    private static final byte[] INTERIM = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final HttpServerExchange exchange;
    private final HttpServerConnection connection;
    private final ConduitStreamSourceChannel source;
    private final Runnable gone;
    private final Runnable silent;

    private ClientWatch(HttpServerExchange exchange, Runnable gone, Runnable silent) {
        this.exchange = exchange;
        this.connection = (HttpServerConnection) exchange.getConnection();
        this.source = connection.getChannel().getSourceChannel();
        this.gone = gone;
        this.silent = silent;
    }

    /**
     * Starts the watch. Call it on the I/O thread of the exchange, after the whole request was read; {@code gone} runs
     * there too.
     */
    static void onGone(HttpServerExchange exchange, Runnable gone) {
        new ClientWatch(exchange, gone, () -> {}).start();
    }

    /**
     * Starts the watch of an answer that has begun and may send nothing for long. Call it on the I/O thread of the
     * exchange.
     *
     * @param gone runs when the connection was reset
     * @param silent runs when the client sends no more; the answer should then send something soon, twice, which finds
     *     out whether the client still reads
     */
    public static void onGone(HttpServerExchange exchange, Runnable gone, Runnable silent) {
        new ClientWatch(exchange, gone, silent).start();
    }

    private void start() {
        // The conduit of the request has ended; the one below it has not. The next request replaces both.
        source.setConduit(connection.getOriginalSourceConduit());
        source.setReadListener(readable -> {
            if (!exchange.isComplete()) {
                read();
            }
        });
        source.resumeReads();
    }

    /** Puts early bytes of a next request back, where Undertow finds them, and ends the watch. */
    private void read() {
        PooledByteBuffer early = connection.getByteBufferPool().allocate();
        boolean kept = false;
        try {
            int read = source.read(early.getBuffer());
            if (read != 0) {
                source.suspendReads();
            }
            if (read > 0) {
                early.getBuffer().flip();
                connection.ungetRequestBytes(early);
                kept = true;
            } else if (read < 0) {
                silent.run();
                if (exchange.isHttp11()) {
                    probeIn(FIRST_PROBE_MILLIS);
                }
            }
        } catch (IOException reset) {
            end();
        } finally {
            if (!kept) {
                early.close();
            }
        }
    }

    /** The first probe makes a client that is gone reset the connection, and the second finds that out. */
    private void probeIn(long millis) {
        exchange.getIoThread()
                .executeAfter(
                        () -> {
                            if (!exchange.isComplete() && !exchange.isResponseStarted()) {
                                probe(millis);
                            }
                        },
                        millis,
                        TimeUnit.MILLISECONDS);
    }

    private void probe(long millis) {
        try {
            int sent = connection.getOriginalSinkConduit().write(ByteBuffer.wrap(INTERIM));
            if (sent == INTERIM.length) {
                probeIn(2 * millis);
            } else {
                end(); // The client reads nothing, not even these few bytes.
            }
        } catch (IOException reset) {
            end();
        }
    }

    private void end() {
        gone.run();
        IoUtils.safeClose(connection);
    }
}
