package perdure.server.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.RequestTooBigException;
import io.undertow.util.Headers;
import io.undertow.util.SameThreadExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;
import perdure.chat.ChatAnswer;
import perdure.chat.ChatBusyException;
import perdure.chat.ChatSession;
import perdure.chat.ChatUnavailableException;

/**
 * {@code POST /v1/chat/completions} and {@code POST /v1/completions}: reads a request, queues it and sends its answer,
 * whole or as a stream. No thread waits for an answer. When a client goes away, its answer ends.
 */
public final class CompletionHandler implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger(CompletionHandler.class);

    private final CompletionForm form;
    private final ModelNames names;
    private final ChatSession chat;
    private final ChatMetrics metrics;
    private final long bodyBytes;

    /** @param bodyBytes most bytes of one request */
    public CompletionHandler(
            CompletionForm form, ModelNames names, ChatSession chat, ChatMetrics metrics, long bodyBytes) {
        this.form = form;
        this.names = names;
        this.chat = chat;
        this.metrics = metrics;
        this.bodyBytes = bodyBytes;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) {
        exchange.getRequestReceiver()
                .receiveFullBytes(
                        // Dispatched without a handler, the exchange stays open until it is answered.
                        (received, body) -> received.dispatch(SameThreadExecutor.INSTANCE, () -> begin(received, body)),
                        (received, failure) -> {
                            if (failure instanceof RequestTooBigException) {
                                received.setPersistent(false);
                                refuse(received, RefusedRequestException.tooLarge(bodyBytes));
                            } else {
                                IoUtils.safeClose(received.getConnection());
                            }
                        });
    }

    /** Runs on the I/O thread, like everything that uses the exchange. */
    private void begin(HttpServerExchange exchange, byte[] body) {
        try {
            CompletionRequest request = form.read(body, names);
            Answer answer = new Answer(exchange, request);
            answer.reply = chat.submit(request.chat(), answer::piece);
            ClientWatch.onGone(exchange, answer::cancel);
            answer.reply.whenComplete((reply, failure) -> answer.onIoThread(() -> answer.finish(reply, failure)));
        } catch (RuntimeException failure) {
            refuse(exchange, refusal(failure));
        }
    }

    /** One answer in progress. */
    private final class Answer {

        private final HttpServerExchange exchange;
        private final CompletionForm.Writer writer;
        /** Null if the answer is sent whole. */
        private final CompletionStream stream;

        private CompletableFuture<ChatAnswer> reply;

        Answer(HttpServerExchange exchange, CompletionRequest request) {
            this.exchange = exchange;
            this.writer = form.writer(request.model());
            this.stream = request.stream()
                    ? new CompletionStream(exchange, writer, request.includeUsage(), this::cancel)
                    : null;
        }

        void cancel() {
            reply.cancel(true);
        }

        /** Runs on the generation thread. */
        void piece(String text) {
            if (stream != null) {
                onIoThread(() -> stream.piece(text));
            }
        }

        /**
         * Runs an action on the I/O thread. A server that closes refuses it, before or during the action: the chat was
         * stopped, and nobody is left to answer.
         */
        void onIoThread(Runnable action) {
            try {
                exchange.getIoThread().execute(() -> {
                    try {
                        action.run();
                    } catch (RejectedExecutionException closing) {
                        LOG.debug("The server closed while an answer was sent.", closing);
                    }
                });
            } catch (RejectedExecutionException closing) {
                LOG.debug("The server closed before an answer was ready.", closing);
            }
        }

        void finish(ChatAnswer answered, Throwable failure) {
            if (reply.isCancelled()) {
                metrics.ended(ChatMetrics.CANCELLED);
                IoUtils.safeClose(exchange.getConnection());
            } else if (failure != null) {
                fail(refusal(failure));
            } else if (answered.finish().equals("cancelled")) {
                fail(RefusedRequestException.unavailable("The server is stopping."));
            } else {
                metrics.answered(answered);
                succeed(answered);
            }
        }

        private void succeed(ChatAnswer answered) {
            if (stream != null) {
                stream.end(answered);
            } else {
                byte[] body = writer.answer(answered).toString().getBytes(UTF_8);
                Responses.json(exchange, 200, body);
            }
        }

        private void fail(RefusedRequestException refusal) {
            if (stream != null && stream.begun()) {
                metrics.ended(ChatMetrics.FAILED);
                stream.fail(refusal.problem());
            } else {
                refuse(exchange, refusal);
            }
        }
    }

    private void refuse(HttpServerExchange exchange, RefusedRequestException refusal) {
        metrics.ended(refusal.status() == 500 ? ChatMetrics.FAILED : ChatMetrics.REFUSED);
        if (refusal.status() == 429 || refusal.status() == 503) {
            exchange.getResponseHeaders().put(Headers.RETRY_AFTER, "2");
        }
        Responses.error(exchange, refusal.status(), refusal.problem());
    }

    private static RefusedRequestException refusal(Throwable failure) {
        if (failure instanceof RefusedRequestException refused) {
            return refused;
        } else if (failure instanceof ChatBusyException) {
            return RefusedRequestException.busy(failure.getMessage());
        } else if (failure instanceof ChatUnavailableException) {
            return RefusedRequestException.unavailable(failure.getMessage());
        }
        LOG.error("An answer failed.", failure);
        return RefusedRequestException.failed();
    }
}
