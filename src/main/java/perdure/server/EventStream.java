package perdure.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Comparator.comparingInt;
import static java.util.Comparator.comparingLong;
import static java.util.stream.Collectors.groupingBy;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.ServerConnection;
import io.undertow.server.handlers.sse.ServerSentEventConnection;
import io.undertow.server.handlers.sse.ServerSentEventHandler;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.IoUtils;
import perdure.server.openai.ClientWatch;
import perdure.server.openai.Responses;
import perdure.server.openai.ServerSentEvents;

/**
 * {@code GET /training/events}: an event named {@code progress} for each change of the status, and one named {@code end}
 * with the last status when the server closes, so that whoever hears no {@code end} has lost the connection. A client that reconnects
 * with {@code Last-Event-ID} gets the events that it missed. If it was away for longer than the buffer reaches, or its
 * id is from an earlier process, it first gets the event {@code gap}, and should read the history again.
 */
final class EventStream implements HttpHandler {

    static final int REPLAYABLE = 512;
    /** Milliseconds between comments to a client that sends no more, of which the second fails if it is gone. */
    private static final long PROBE_MILLIS = 500;

    private final StatusDocuments documents;
    private final Limits limits;
    /** Those who have a place, from their request on; they listen a moment later. Taken on the I/O thread alone. */
    private final Set<Client> clients = ConcurrentHashMap.newKeySet();

    /** A prefix of all event ids of this process, so that ids of another process are recognised. */
    private final String process = Long.toString(System.currentTimeMillis(), 36);

    private final Deque<Event> recent = new ArrayDeque<>();
    /** Without this object's lock: a connection that fails forgets its listener while it holds a lock of its own. */
    private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();

    private StatusDocuments.Document last;
    private long count;
    private Event end;

    EventStream(StatusDocuments documents, Limits limits) {
        this.documents = documents;
        this.limits = limits;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        ServerSentEvents.headers(exchange);
        if (exchange.getRequestMethod().equals(Methods.HEAD)) {
            exchange.endExchange();
            return;
        }
        Client client = new Client(exchange);
        if (clients.size() >= limits.eventClients() && !makeRoom(client.origin)) {
            exchange.getResponseHeaders().put(Headers.RETRY_AFTER, "10");
            Responses.error(exchange, 503, "overloaded", "at most " + limits.eventClients() + " clients may listen");
            return;
        }
        clients.add(client);
        exchange.addExchangeCompleteListener((ended, chain) -> {
            clients.remove(client);
            chain.proceed();
        });
        new ServerSentEventHandler((connection, lastEventId) -> connected(exchange, connection, lastEventId))
                .handleRequest(exchange);
    }

    /**
     * If another address has at least two clients more, the oldest of these leaves, so that nobody is locked out by
     * others. It may come back with the id of the last event that it has seen.
     */
    private boolean makeRoom(Object origin) {
        Map<Object, List<Client>> byOrigin = clients.stream().collect(groupingBy(client -> client.origin));
        List<Client> most =
                byOrigin.values().stream().max(comparingInt(List::size)).orElse(List.of());
        if (most.size() < byOrigin.getOrDefault(origin, List.of()).size() + 2) {
            return false;
        }
        Client oldest = Collections.min(most, comparingLong(client -> client.came));
        clients.remove(oldest);
        IoUtils.safeClose(oldest.connection);
        return true;
    }

    /**
     * Sends the listeners a status that was published since the last call. Called a few times per second, and before
     * somebody begins to listen.
     */
    synchronized void poll() {
        StatusDocuments.Document newest = documents.newest();
        if (end != null || newest == last || !documents.ready()) {
            return;
        }
        last = newest;
        Event event = new Event("progress", ++count, new String(newest.full(), UTF_8));
        recent.addLast(event);
        if (recent.size() > REPLAYABLE) {
            recent.removeFirst();
        }
        listeners.forEach(listener -> listener.send(event));
    }

    /** Clients that listen now. */
    int listeners() {
        return listeners.size();
    }

    synchronized int buffered() {
        return recent.size();
    }

    /** Tells the last status and ends each stream, once its client has read everything. No event follows. */
    synchronized void end() {
        poll();
        end = new Event("end", ++count, new String(documents.newest().full(), UTF_8));
        listeners.forEach(listener -> listener.end(end));
    }

    /** Disconnects all listeners that are still there. */
    synchronized void close() {
        listeners.forEach(Listener::cut);
    }

    private synchronized void connected(
            HttpServerExchange exchange, ServerSentEventConnection connection, String lastEventId) {
        if (!exchange.getConnection().isOpen()) {
            return; // It had to make room before it could listen.
        }
        poll(); // Else the first event is older than what the client may have been told by a poll just before.
        connection.setKeepAliveTime(ServerSentEvents.KEEP_ALIVE_MILLIS);
        Listener listener = new Listener(exchange, connection);
        connection.addCloseTask(closed -> forget(listener));
        listener.watch();
        long seen = position(lastEventId);
        boolean replayable = seen >= 0 && seen <= count && (recent.isEmpty() || seen >= recent.getFirst().number - 1);
        if (lastEventId != null && !replayable) {
            ServerSentEvents.send(connection, "{}", "gap", null, null);
        }
        listeners.add(listener);
        recent.stream()
                .filter(event -> event.number > (replayable ? seen : count - 1))
                .forEach(listener::replay);
        if (end != null) {
            listener.end(end);
        }
    }

    private void forget(Listener listener) {
        listeners.remove(listener);
    }

    /** The number of events that the owner of the id has seen; -1 if the id is not from this process. */
    private long position(String id) {
        if (id == null || !id.matches(process + "-\\d{1,18}")) {
            return -1;
        }
        return Long.parseLong(id.substring(process.length() + 1));
    }

    private String id(Event event) {
        return process + "-" + event.number;
    }

    private record Event(String name, long number, String data) {}

    /** One that may listen. */
    private static final class Client {

        private final ServerConnection connection;
        private final Object origin;
        private final long came = System.nanoTime();

        Client(HttpServerExchange exchange) {
            connection = exchange.getConnection();
            origin = Connections.origin(connection.getPeerAddress());
        }
    }

    /** One that listens, and the number of events that it has not read yet. */
    private final class Listener implements ServerSentEventConnection.EventCallback {

        private final HttpServerExchange exchange;
        private final ServerSentEventConnection connection;
        private final AtomicInteger unsent = new AtomicInteger();

        Listener(HttpServerExchange exchange, ServerSentEventConnection connection) {
            this.exchange = exchange;
            this.connection = connection;
        }

        /** Disconnects the client if it reads too slowly. */
        void send(Event event) {
            if (unsent.get() >= limits.eventsBehind()) {
                cut();
            } else {
                replay(event);
            }
        }

        /** Disconnects at once; an orderly end would wait for the client to read. */
        void cut() {
            forget(this);
            IoUtils.safeClose(exchange.getConnection());
        }

        /** Frees the place of a client that left, also while there is nothing to send. */
        void watch() {
            Runnable probing = () -> connection.setKeepAliveTime(PROBE_MILLIS);
            exchange.getIoThread().execute(() -> ClientWatch.onGone(exchange, this::cut, probing));
        }

        /** Sends the last event; the stream ends after it. */
        void end(Event event) {
            ServerSentEvents.end(connection, event.data, event.name, id(event));
        }

        /** Sends even to a slow client; the size of the buffer bounds what is replayed. */
        void replay(Event event) {
            unsent.incrementAndGet();
            ServerSentEvents.send(connection, event.data, event.name, id(event), this);
        }

        @Override
        public void done(ServerSentEventConnection client, String data, String event, String id) {
            unsent.decrementAndGet();
        }

        @Override
        public void failed(
                ServerSentEventConnection client, String data, String event, String id, IOException failure) {
            forget(this);
        }
    }
}
