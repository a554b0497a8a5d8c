package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.GracefulShutdownHandler;
import io.undertow.server.handlers.HttpContinueReadHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.chat.ChatSession;
import perdure.server.openai.ChatMetrics;
import perdure.server.openai.CompletionHandler;
import perdure.server.openai.ModelsHandler;
import perdure.server.openai.Responses;

/**
 * Serves the status of a run. It knows no trainer: it reads the reference to which one publishes. Its threads are few
 * and daemons, so they neither slow a run nor keep the process alive.
 */
public final class StatusServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StatusServer.class);
    private static final long EVENT_POLL_MILLIS = 200;
    /** Time for current answers to be told that the server stops. */
    private static final long FAREWELL_MILLIS = 2_000;

    private final ServerOptions options;
    private final HttpListener listener;
    private final ChatSession chat;
    private final List<Route> routes;
    private final GracefulShutdownHandler requests;
    private final EventStream events;
    private final ScheduledExecutorService ticker;

    private StatusServer(
            ServerOptions options,
            HttpListener listener,
            ChatSession chat,
            List<Route> routes,
            GracefulShutdownHandler requests,
            EventStream events,
            ScheduledExecutorService ticker) {
        this.options = options;
        this.listener = listener;
        this.chat = chat;
        this.routes = routes;
        this.requests = requests;
        this.events = events;
        this.ticker = ticker;
    }

    /**
     * Returns once the port is open.
     *
     * @throws IllegalArgumentException naming the port or the host, if it cannot be bound
     */
    public static StatusServer start(ServerOptions options, ServedRun run) {
        StatusDocuments documents = new StatusDocuments(run.status());
        EventStream events = new EventStream(documents, options.limits());
        MetricsHandler metrics = new MetricsHandler(run, documents);
        List<Route> routes = routes(options, run, documents, events, metrics);
        GracefulShutdownHandler requests =
                new GracefulShutdownHandler(new Router(routes, options.access().prefix()));

        BooleanSupplier computing =
                () -> documents.newest().status().running() || run.chat().answering();
        HttpListener listener = listen(options, handler(options, computing, requests));

        ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "perdure-events");
            thread.setDaemon(true);
            return thread;
        });
        ticker.scheduleWithFixedDelay(events::poll, 0, EVENT_POLL_MILLIS, TimeUnit.MILLISECONDS);
        return new StatusServer(options, listener, run.chat(), routes, requests, events, ticker);
    }

    /** The routing table: everything that is served, in one place. */
    private static List<Route> routes(
            ServerOptions options,
            ServedRun run,
            StatusDocuments documents,
            EventStream events,
            MetricsHandler metrics) {
        BearerToken token = new BearerToken(options.access().token());
        ChatMetrics chat = new ChatMetrics(metrics.registry());
        PageHandler page = new PageHandler();
        long bodyBytes = options.limits().bodyBytes();
        HttpHandler models = token.guard(offThread(new ModelsHandler(run.chat(), options.models())));
        return List.of(
                Route.get("/", page),
                Route.get("/page/*", page),
                Route.get("/library/*", page),
                Route.get("/livez", exchange -> Responses.json(exchange, 200, Map.of("live", true))),
                Route.get("/readyz", exchange -> ready(exchange, documents)),
                Route.get("/training/status", token.guard(exchange -> status(exchange, documents))),
                Route.get("/training/progress", token.guard(exchange -> progress(exchange, documents))),
                Route.get("/training/history", token.guard(new HistoryHandler(run.folder()))),
                Route.get("/training/events", token.guard(Connections.staying(events))),
                Route.post("/training/stop", token.guard(offThread(exchange -> stop(exchange, documents, run)))),
                Route.get("/metrics", token.guard(offThread(metrics))),
                Route.get(ModelsHandler.PATH, models),
                Route.get(ModelsHandler.PATH + "/*", models),
                Route.post(
                        "/v1/chat/completions",
                        token.guard(Connections.staying(
                                CompletionHandler.conversations(options.models(), run.chat(), chat, bodyBytes)))),
                Route.post(
                        "/v1/completions",
                        token.guard(Connections.staying(
                                CompletionHandler.texts(options.models(), run.chat(), chat, bodyBytes)))),
                Route.post(
                        "/v1/responses",
                        token.guard(Connections.staying(
                                CompletionHandler.responses(options.models(), run.chat(), chat, bodyBytes)))));
    }

    private static void ready(HttpServerExchange exchange, StatusDocuments documents) {
        if (documents.ready()) {
            Responses.json(exchange, 200, Map.of("ready", true));
        } else {
            Responses.json(exchange, 503, Map.of("ready", false, "reason", "The run is still being prepared."));
        }
    }

    private static void status(HttpServerExchange exchange, StatusDocuments documents) {
        Responses.json(exchange, 200, documents.newest().brief());
    }

    private static void progress(HttpServerExchange exchange, StatusDocuments documents) {
        Responses.json(exchange, 200, documents.newest().full());
    }

    private static void stop(HttpServerExchange exchange, StatusDocuments documents, ServedRun run) {
        if (documents.newest().status().running()) {
            run.stop().run();
            Responses.json(exchange, 202, Map.of("stopping", true));
        } else {
            Responses.error(exchange, 409, "conflict", "nothing is training");
        }
    }

    /** Runs the handler on a worker thread. The answer is sent without a worker waiting for the client. */
    private static HttpHandler offThread(HttpHandler handler) {
        HttpHandler charged = ProcessorBudget.charged(handler);
        return exchange -> exchange.dispatch(charged);
    }

    /** Turns an exception that leaves a handler into an answer with the form of all errors; Undertow logs it. */
    private static HttpHandler reportingFailures(HttpHandler next) {
        return exchange -> {
            exchange.addDefaultResponseListener(unanswered -> {
                if (unanswered.getStatusCode() < 500) {
                    return false;
                }
                int status = unanswered.getStatusCode();
                String message = status == 503 ? "The server is stopping." : "The server failed; see its log.";
                Responses.error(unanswered, status, "server_error", message);
                return true;
            });
            next.handleRequest(exchange);
        };
    }

    private static HttpHandler handler(ServerOptions options, BooleanSupplier computing, HttpHandler routes) {
        Limits limits = options.limits();
        AllowedHosts hosts = new AllowedHosts(options.hostInUrl(), options.address(), options.access());
        CrossOrigin origins = new CrossOrigin(options.access());
        HttpHandler secured = new SecurityHandler(hosts, origins, limits.bodyBytes(), routes);
        return reportingFailures(
                new RequestBudgets(computing, new HttpContinueReadHandler(new BodyDeadline(limits.body(), secured))));
    }

    private static HttpListener listen(ServerOptions options, HttpHandler handler) {
        InetAddress address = options.address();
        try {
            return HttpListener.open(new InetSocketAddress(address, options.port()), options.limits(), handler);
        } catch (IOException failure) {
            throw unbindable(options, address, failure);
        }
    }

    /** Says what is wrong: the host, if not even a free port can be opened there, else the port. */
    private static IllegalArgumentException unbindable(
            ServerOptions options, InetAddress address, IOException failure) {
        try (ServerSocket probe = new ServerSocket(0, 1, address)) {
            LOG.debug("{} can be bound, at port {}", options.host(), probe.getLocalPort());
        } catch (IOException unavailable) {
            return new IllegalArgumentException(
                    "host " + options.host() + " is not an address of this machine.", failure);
        }
        String reason = options.port() > 0 && options.port() < 1024 ? "not permitted, or in use" : "already in use";
        return new IllegalArgumentException(
                "port " + options.port() + " is " + reason + "; choose another, or 0 for a free one.", failure);
    }

    /** The routing table, for tests that walk through all of it. */
    List<Route> routes() {
        return routes;
    }

    /** Clients that listen to the events, for tests. */
    int listeners() {
        return events.listeners();
    }

    /** The port that is open, also if a free one was asked for. */
    public int port() {
        return listener.port();
    }

    /** The address for a browser on this machine, without a slash at the end. */
    public String url() {
        return "http://" + options.hostInUrl() + ":" + port();
    }

    /**
     * Ends the current answers and the streams of events, tells their clients why, then closes every connection and frees
     * the port.
     */
    @Override
    public void close() {
        close(FAREWELL_MILLIS);
    }

    /** @param farewell longest time in which current answers are told that the server stops, in milliseconds */
    void close(long farewell) {
        ticker.shutdownNow();
        chat.stop();
        requests.shutdown();
        events.end();
        try {
            requests.awaitShutdown(farewell);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
        events.close();
        listener.close();
    }
}
