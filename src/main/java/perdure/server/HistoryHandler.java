package perdure.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code GET /training/history?points=N}: the loss curve of the run's whole life as {@code {"steps":[…],"epochs":[…]}},
 * each thinned evenly to at most N of the file's lines, with the first and the last. The file is streamed: its length
 * costs time, not memory.
 */
final class HistoryHandler implements HttpHandler {

    static final int DEFAULT_POINTS = 2_000;
    static final int MOST_POINTS = 10_000;

    /** Tells the line of an epoch's end from that of a step. */
    private static final String EPOCH_KEY = "\"epoch_loss\"";

    private final Path file;

    HistoryHandler(Path runFolder) {
        this.file = runFolder.resolve("loss_history.jsonl");
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws IOException {
        Deque<String> asked = exchange.getQueryParameters().get("points");
        int points = asked == null ? DEFAULT_POINTS : number(asked.getFirst());
        if (points < 2 || points > MOST_POINTS) {
            Responses.error(exchange, 400, "invalid_request", "points must be a number from 2 to " + MOST_POINTS);
            return;
        }
        Thinning steps = new Thinning(points);
        Thinning epochs = new Thinning(points);
        try (Stream<String> lines = lines()) {
            lines.forEach(line -> (line.contains(EPOCH_KEY) ? epochs : steps).add(line));
        }
        String body = "{\"steps\":" + steps.json() + ",\"epochs\":" + epochs.json() + "}";
        Responses.json(exchange, 200, body.getBytes(UTF_8));
    }

    /** Each a JSON object, in the order of the steps; none where no run has been logged yet. */
    private Stream<String> lines() throws IOException {
        try {
            return Files.lines(file);
        } catch (NoSuchFileException nothingLogged) {
            return Stream.empty();
        }
    }

    private static int number(String text) {
        return text.matches("\\d{1,6}") ? Integer.parseInt(text) : -1;
    }

    /** Keeps every {@code stride}-th of a stream of unknown length, and doubles the stride when that gets too many. */
    static final class Thinning {

        private final int most;
        private final List<String> every = new ArrayList<>();
        private long stride = 1;
        private long total;
        private String last;

        Thinning(int most) {
            this.most = most;
        }

        void add(String line) {
            if (total % stride == 0) {
                every.add(line);
                if (every.size() > 2 * most) {
                    for (int even = 0; even < every.size(); even += 2) {
                        every.set(even / 2, every.get(even));
                    }
                    every.subList((every.size() + 1) / 2, every.size()).clear();
                    stride *= 2;
                }
            }
            last = line;
            total++;
        }

        String json() {
            return "[" + String.join(",", kept()) + "]";
        }

        List<String> kept() {
            if (total <= 1) {
                return every;
            }
            List<String> all = new ArrayList<>(every);
            if ((total - 1) % stride != 0) {
                all.add(last);
            }
            int count = Math.min(most, all.size());
            List<String> kept = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                kept.add(all.get(Math.toIntExact((long) i * (all.size() - 1) / (count - 1))));
            }
            return kept;
        }
    }
}
