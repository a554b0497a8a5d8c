package perdure.server.openai;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.sse.ServerSentEventConnection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.xnio.XnioExecutor;
import perdure.chat.ChatAnswer;
import perdure.chat.Completion.Piece;
import perdure.server.openai.AnswerWriter.Event;

/**
 * One answer as server-sent events. They begin with its first piece, so a request that fails before that gets an error
 * status, unless it waits so long that a proxy might cut the silence: then they begin without it. Text that a slow client
 * has not read waits in memory, at most one whole answer. Used on one I/O thread.
 */
final class CompletionStream {

    private final HttpServerExchange exchange;
    private final AnswerWriter writer;
    private final Runnable closed;
    /** Begins the events after a long silence. */
    private final XnioExecutor.Key patience;

    /** Null until the first event. */
    private ServerSentEventConnection connection;

    /** @param closed runs when the stream ends, also if the client ends it */
    CompletionStream(HttpServerExchange exchange, AnswerWriter writer, Runnable closed) {
        this.exchange = exchange;
        this.writer = writer;
        this.closed = closed;
        this.patience = exchange.getIoThread()
                .executeAfter(this::begin, ServerSentEvents.KEEP_ALIVE_MILLIS, TimeUnit.MILLISECONDS);
    }

    boolean begun() {
        return connection != null;
    }

    void piece(Piece piece) {
        begin();
        writer.piece(piece).forEach(this::send);
    }

    void end(ChatAnswer answer) {
        begin();
        endWith(writer.ending(answer));
    }

    void fail(Responses.Problem problem) {
        endWith(writer.failure(problem));
    }

    /** Call it if the request is answered, or given up, without events. */
    void abandon() {
        patience.remove();
    }

    private void begin() {
        if (connection == null) {
            patience.remove();
            connection = ServerSentEvents.open(exchange);
            connection.setKeepAliveTime(ServerSentEvents.KEEP_ALIVE_MILLIS);
            connection.addCloseTask(ended -> closed.run());
            writer.opening().forEach(this::send);
        }
    }

    private void endWith(List<Event> events) {
        int last = events.size() - 1;
        events.subList(0, last).forEach(this::send);
        ServerSentEvents.end(
                connection, events.get(last).data(), events.get(last).name(), null);
    }

    private void send(Event event) {
        ServerSentEvents.send(connection, event.data(), event.name(), null, null);
    }
}
