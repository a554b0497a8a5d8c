package perdure.server.openai;

import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import java.io.IOException;
import org.xnio.IoUtils;
import org.xnio.conduits.ConduitStreamSourceChannel;

/**
 * Notices when a client goes away while it waits for its answer. Undertow does not read from a connection between a
 * request and the end of its answer, and only reading shows that the connection has ended.
 */
final class ClientWatch {

    private ClientWatch() {}

    /**
     * Starts the watch. Call it on the I/O thread of the exchange, after the whole request was read; {@code gone} runs
     * there too.
     */
    static void onGone(HttpServerExchange exchange, Runnable gone) {
        HttpServerConnection connection = (HttpServerConnection) exchange.getConnection();
        ConduitStreamSourceChannel source = connection.getChannel().getSourceChannel();
        // The conduit of the request has ended; the one below it has not. The next request replaces both.
        source.setConduit(connection.getOriginalSourceConduit());
        source.setReadListener(readable -> {
            if (exchange.isComplete()) {
                return;
            }
            if (ended(connection, source)) {
                gone.run();
                IoUtils.safeClose(connection);
            }
        });
        source.resumeReads();
    }

    /** Puts early bytes of a next request back, where Undertow finds them, and ends the watch. */
    private static boolean ended(HttpServerConnection connection, ConduitStreamSourceChannel source) {
        PooledByteBuffer early = connection.getByteBufferPool().allocate();
        boolean kept = false;
        try {
            int read = source.read(early.getBuffer());
            if (read > 0) {
                source.suspendReads();
                early.getBuffer().flip();
                connection.ungetRequestBytes(early);
                kept = true;
            }
            return read < 0;
        } catch (IOException broken) {
            return true;
        } finally {
            if (!kept) {
                early.close();
            }
        }
    }
}
