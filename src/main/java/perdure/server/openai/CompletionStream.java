package perdure.server.openai;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.sse.ServerSentEventConnection;
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

    /** Null until the first event. */
    private ServerSentEventConnection connection;

    /** @param closed runs when the stream ends, also if the client ends it */
    CompletionStream(HttpServerExchange exchange, CompletionForm.Writer writer, boolean includeUsage, Runnable closed) {
        this.exchange = exchange;
        this.writer = writer;
        this.includeUsage = includeUsage;
        this.closed = closed;
    }

    boolean begun() {
        return connection != null;
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
        ServerSentEvents.end(connection, DONE);
    }

    void fail(Responses.Problem problem) {
        send(MAPPER.createObjectNode().set("error", MAPPER.valueToTree(problem)));
        ServerSentEvents.end(connection, DONE);
    }

    private void begin() {
        if (connection == null) {
            connection = ServerSentEvents.open(exchange);
            connection.setKeepAliveTime(ServerSentEvents.KEEP_ALIVE_MILLIS);
            connection.addCloseTask(ended -> closed.run());
            send(writer.opening());
        }
    }

    private void send(JsonNode chunk) {
        send(chunk.toString());
    }

    private void send(String data) {
        ServerSentEvents.send(connection, data, null, null, null);
    }
}
