package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.ETag;
import java.nio.file.Path;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import perdure.checkpoint.LossHistoryReader;
import perdure.server.openai.Responses;

/**
 * {@code GET /training/history?points=N&since=STEP}: the loss curve of the run's whole life, or what came after a step,
 * as {@code {"steps":[…],"epochs":[…],"validations":[…],"restarts":[…],"measurements":[…],"samples":[…],
 * "generation":"…"}}. All but the restarts are thinned to at most N each. {@code generation} changes when the history no longer has what an earlier answer had: the
 * run went back, another run is in the folder, or the server was started anew.
 *
 * <p>What was read once is kept, so that a request reads only the lines that are new, and the tag of an unchanged curve
 * costs a look at the file.
 */
final class HistoryHandler implements HttpHandler {

    static final int DEFAULT_POINTS = 2_000;
    static final int MOST_POINTS = 10_000;
    private static final long EVERYTHING = -1;
    private static final long LATEST_STEP = 999_999_999_999_999_999L;

    /** A prefix of all tags and generations of this process, so that those of another process are never equal. */
    private final String process = Long.toString(System.currentTimeMillis(), 36);

    /** One thread, since a long history takes seconds to read at first; other requests must not wait for it. */
    private final Executor reading =
            new ThreadPoolExecutor(0, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                Thread thread = new Thread(task, "perdure-history");
                thread.setDaemon(true);
                return thread;
            });

    /** The fields below belong to that thread. */
    private final LossHistoryReader reader;

    /** The last answer, which is sent again as long as nothing changes. */
    private byte[] json;

    private Query answered;
    private long answeredChanges;

    private record Query(long since, int points) {}

    HistoryHandler(Path runFolder) {
        this.reader = new LossHistoryReader(runFolder);
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) {
        Long since = number(exchange, "since", EVERYTHING, 0, LATEST_STEP);
        if (since == null) {
            return;
        }
        Long points = number(exchange, "points", DEFAULT_POINTS, 2, MOST_POINTS);
        if (points != null) {
            Query query = new Query(since, points.intValue());
            exchange.dispatch(reading, ProcessorBudget.charged(moved -> answer(moved, query)));
        }
    }

    private void answer(HttpServerExchange exchange, Query query) {
        reader.refresh();
        if (PageHandler.isKnown(exchange, new ETag(false, process + "-" + reader.changes()))) {
            return;
        }
        if (!query.equals(answered) || reader.changes() != answeredChanges) {
            json = reader.json(query.since, query.points, process + "-" + reader.generation());
            answered = query;
            answeredChanges = reader.changes();
        }
        Responses.json(exchange, 200, json);
    }

    /** The parameter, or {@code absent}. If it is not a number from the least to the most, refuses and returns null. */
    private static Long number(HttpServerExchange exchange, String name, long absent, long least, long most) {
        Deque<String> asked = exchange.getQueryParameters().get(name);
        if (asked == null) {
            return absent;
        }
        String text = asked.getFirst();
        if (asked.size() == 1 && text.matches("\\d{1,18}")) {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return number;
            }
        }
        String message = name + " must be a whole number from " + least + " to " + most + ", given once";
        Responses.error(exchange, 400, new Responses.Problem(message, Responses.INVALID_REQUEST, name, null));
        return null;
    }
}
