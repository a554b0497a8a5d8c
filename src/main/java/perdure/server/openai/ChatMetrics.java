package perdure.server.openai;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import perdure.chat.ChatAnswer;

/** Counts the requests to the model, and measures how soon it begins to answer. */
public final class ChatMetrics {

    static final String ANSWERED = "answered";
    static final String REFUSED = "refused";
    static final String FAILED = "failed";
    static final String CANCELLED = "cancelled";

    private final Counter requests;
    private final Counter tokens;
    private final Histogram firstToken;

    public ChatMetrics(PrometheusRegistry registry) {
        requests = Counter.builder()
                .name("perdure_chat_requests")
                .help("Requests to the chat and completion endpoints, by how they ended")
                .labelNames("outcome")
                .register(registry);
        List.of(ANSWERED, REFUSED, FAILED, CANCELLED).forEach(requests::initLabelValues);
        tokens = Counter.builder()
                .name("perdure_chat_tokens")
                .help("Tokens generated for answers")
                .register(registry);
        firstToken = Histogram.builder()
                .name("perdure_chat_first_token_seconds")
                .help("Time from a request to the first token of its answer, including the wait in the queue")
                .classicUpperBounds(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
                .classicOnly()
                .register(registry);
    }

    void answered(ChatAnswer answer) {
        ended(ANSWERED);
        tokens.inc(answer.completion().completionTokens());
        firstToken.observe(answer.secondsToFirstToken());
    }

    void ended(String outcome) {
        requests.labelValues(outcome).inc();
    }
}
