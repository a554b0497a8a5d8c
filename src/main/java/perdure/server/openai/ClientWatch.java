package perdure.server.openai;

import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import java.io.IOException;
import org.xnio.IoUtils;
import org.xnio.conduits.ConduitStreamSourceChannel;

/**
 * Notices that a client goes away while it waits for its answer: Undertow doesn't read from a connection between a
 * request and the end of its answer, and without reading the end of a connection is not seen.
 */
final class ClientWatch {

    private ClientWatch() {}

    /** To be called on the exchange's I/O thread, after the whole request was read; {@code gone} runs there too. */
    static void onGone(HttpServerExchange exchange, Runnable gone) {
        HttpServerConnection connection = (HttpServerConnection) exchange.getConnection();
        ConduitStreamSourceChannel source = connection.getChannel().getSourceChannel();
        // The request's own conduit has come to its end; what is under it has not. The next request sets both anew.
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

    /** Early bytes of a next request are put back for Undertow to find, and end the watch. */
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
