package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.nio.file.Path;
import java.util.Deque;
import perdure.checkpoint.LossCurve;
import perdure.server.openai.Responses;

/**
 * {@code GET /training/history?points=N}: the loss curve of the run's whole life as {@code
 * {"steps":[…],"epochs":[…],"validations":[…],"restarts":[…]}}. All but the restarts are thinned to at most N each.
 */
final class HistoryHandler implements HttpHandler {

    static final int DEFAULT_POINTS = 2_000;
    static final int MOST_POINTS = 10_000;

    private final Path runFolder;

    HistoryHandler(Path runFolder) {
        this.runFolder = runFolder;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) {
        Deque<String> asked = exchange.getQueryParameters().get("points");
        int points = asked == null ? DEFAULT_POINTS : number(asked.getFirst());
        if (points < 2 || points > MOST_POINTS) {
            Responses.error(exchange, 400, "invalid_request", "points must be a number from 2 to " + MOST_POINTS);
            return;
        }
        Responses.json(exchange, 200, LossCurve.read(runFolder, points).toJson());
    }

    private static int number(String text) {
        return text.matches("\\d{1,6}") ? Integer.parseInt(text) : -1;
    }
}
