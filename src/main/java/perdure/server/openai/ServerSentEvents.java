package perdure.server.openai;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.sse.ServerSentEventConnection;
import io.undertow.server.handlers.sse.ServerSentEventConnection.EventCallback;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;

/**
 * The form of all server-sent events: a space after each colon, which strict parsers want, proxies asked not to gather
 * them, and a comment where nothing else is sent for long.
 */
public final class ServerSentEvents {

    /** Milliseconds of silence after which a comment shows that the connection lives; proxies often cut after 60 s. */
    public static final long KEEP_ALIVE_MILLIS = 15_000;

    private static final HttpString BUFFERING = new HttpString("X-Accel-Buffering");

    private ServerSentEvents() {}

    /**
     * Says that events follow, and asks nginx, and proxies like it, to pass on each at once. Call it before the answer
     * begins.
     */
    public static void headers(HttpServerExchange exchange) {
        exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/event-stream; charset=UTF-8");
        exchange.getResponseHeaders().put(BUFFERING, "no");
    }

    /**
     * Begins a stream after which the connection can take the next request, unlike Undertow's own handler. The first
     * event sends the headers.
     */
    static ServerSentEventConnection open(HttpServerExchange exchange) {
        headers(exchange);
        return new ServerSentEventConnection(exchange, exchange.getResponseChannel());
    }

    /** Sends the last event, and ends the stream when the client has it, however slowly it reads. */
    public static void end(ServerSentEventConnection connection, String data, String event, String id) {
        send(connection, data, event, id, new EventCallback() {
            @Override
            public void done(ServerSentEventConnection ended, String sent, String name, String sentId) {
                ended.shutdown();
            }

            @Override
            public void failed(
                    ServerSentEventConnection ended, String unsent, String name, String unsentId, IOException failure) {
                // The connection is closed.
            }
        });
    }

    /**
     * Sends an event.
     *
     * @param event its name, or null
     * @param id null for none
     * @param sent null if nobody waits for it
     */
    public static void send(
            ServerSentEventConnection connection, String data, String event, String id, EventCallback sent) {
        // Undertow writes no space after the colon, so that the value brings it.
        connection.send(" " + data, event == null ? null : " " + event, id == null ? null : " " + id, sent);
    }
}
