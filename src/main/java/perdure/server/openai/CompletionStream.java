package perdure.server.openai;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.sse.ServerSentEventConnection;
import io.undertow.server.handlers.sse.ServerSentEventHandler;
import java.util.ArrayList;
import java.util.List;
import perdure.chat.ChatAnswer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One answer as server-sent events. They begin with its first piece, so a request that fails before that gets an error
 * status. Text that a slow client has not read waits in memory, at most one whole answer. Used on one I/O thread.
 */
final class CompletionStream {

    private static final String DONE = "[DONE]";
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final HttpServerExchange exchange;
    private final CompletionForm.Writer writer;
    private final boolean includeUsage;
    private final Runnable closed;

    private boolean begun;
    /** Null until the headers are sent; events before that wait in the list. */
    private ServerSentEventConnection connection;

    private final List<String> waiting = new ArrayList<>();

    /** @param closed runs when the stream ends, also if the client ends it */
    CompletionStream(HttpServerExchange exchange, CompletionForm.Writer writer, boolean includeUsage, Runnable closed) {
        this.exchange = exchange;
        this.writer = writer;
        this.includeUsage = includeUsage;
        this.closed = closed;
    }

    boolean begun() {
        return begun;
    }

    void piece(String text) {
        begin();
        send(writer.piece(text));
    }

    void end(ChatAnswer answer) {
        begin();
        send(writer.ending(answer));
        if (includeUsage) {
            send(writer.usageChunk(answer));
        }
        send(DONE);
    }

    void fail(Responses.Problem problem) {
        send(MAPPER.createObjectNode().set("error", MAPPER.valueToTree(problem)));
        send(DONE);
    }

    private void begin() {
        if (begun) {
            return;
        }
        begun = true;
        send(writer.opening());
        ServerSentEvents.unbuffered(exchange);
        try {
            new ServerSentEventHandler((opened, lastEventId) -> connected(opened)).handleRequest(exchange);
        } catch (RuntimeException refused) {
            throw refused;
        } catch (Exception unexpected) {
            throw new IllegalStateException("A stream did not begin.", unexpected);
        }
    }

    private void connected(ServerSentEventConnection opened) {
        connection = opened;
        opened.setKeepAliveTime(ServerSentEvents.KEEP_ALIVE_MILLIS);
        opened.addCloseTask(ended -> closed.run());
        waiting.forEach(this::send);
        waiting.clear();
    }

    private void send(JsonNode chunk) {
        send(chunk.toString());
    }

    private void send(String data) {
        if (connection == null) {
            waiting.add(data);
            return;
        }
        ServerSentEvents.send(connection, data, null, null, null);
        if (data.equals(DONE)) {
            connection.shutdown();
        }
    }
}
