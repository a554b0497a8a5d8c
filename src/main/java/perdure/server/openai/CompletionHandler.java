package perdure.server.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undertow.io.Receiver;
import io.undertow.io.Receiver.RequestToLargeException;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.SameThreadExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;
import perdure.chat.ChatAnswer;
import perdure.chat.ChatBusyException;
import perdure.chat.ChatRequest.Truncation;
import perdure.chat.ChatSession;
import perdure.chat.ChatUnavailableException;
import perdure.chat.Completion.Piece;
import perdure.chat.ContextExceededException;
import perdure.chat.ConversationRefusedException;
import perdure.chat.NoSuchCheckpointException;

/**
 * {@code POST /v1/chat/completions}, {@code /v1/completions} and {@code /v1/responses}: reads a request, queues it
 * and sends its answer, whole or as a stream. No thread waits for an answer. When a client goes away, its answer ends.
 */
public final class CompletionHandler implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger(CompletionHandler.class);

    private final ModelNames names;
    private final CompletionRequest.Form form;
    private final ChatSession chat;
    private final ChatMetrics metrics;
    private final long bodyBytes;

    private CompletionHandler(
            ModelNames names, CompletionRequest.Form form, ChatSession chat, ChatMetrics metrics, long bodyBytes) {
        this.names = names;
        this.form = form;
        this.chat = chat;
        this.metrics = metrics;
        this.bodyBytes = bodyBytes;
    }

    /**
     * {@code POST /v1/chat/completions}.
     *
     * @param bodyBytes most bytes of one request
     */
    public static HttpHandler conversations(ModelNames names, ChatSession chat, ChatMetrics metrics, long bodyBytes) {
        return new CompletionHandler(names, ChatForm::read, chat, metrics, bodyBytes);
    }

    /**
     * {@code POST /v1/completions}.
     *
     * @param bodyBytes most bytes of one request
     */
    public static HttpHandler texts(ModelNames names, ChatSession chat, ChatMetrics metrics, long bodyBytes) {
        return new CompletionHandler(names, TextForm::read, chat, metrics, bodyBytes);
    }

    /**
     * {@code POST /v1/responses}.
     *
     * @param bodyBytes most bytes of one request
     */
    public static HttpHandler responses(ModelNames names, ChatSession chat, ChatMetrics metrics, long bodyBytes) {
        ResponseMemory memory = new ResponseMemory();
        return new CompletionHandler(
                names, (fields, model) -> ResponseForm.read(fields, model, memory), chat, metrics, bodyBytes);
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) {
        Receiver body = exchange.getRequestReceiver();
        body.setMaxBufferSize(Math.toIntExact(bodyBytes));
        body.receiveFullBytes(
                // Dispatched without a handler, the exchange stays open until it is answered.
                (received, bytes) -> received.dispatch(SameThreadExecutor.INSTANCE, () -> begin(received, bytes)),
                (received, failure) -> {
                    if (failure instanceof RequestToLargeException) {
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
            requirePlain(exchange.getRequestHeaders().getFirst(Headers.CONTENT_ENCODING));
            CompletionRequest request = CompletionRequest.read(body, names, form);
            Answer answer = new Answer(exchange, request);
            answer.reply = chat.submit(request.chat(), request.checkpoint(), answer::piece);
            answer.stream();
            ClientWatch.onGone(exchange, answer::cancel);
            answer.reply.whenComplete((reply, failure) -> answer.onIoThread(() -> answer.finish(reply, failure)));
        } catch (RuntimeException failure) {
            refuse(exchange, refusal(failure, null));
        }
    }

    private static void requirePlain(String encoding) {
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw RefusedRequestException.compressed(encoding);
        }
    }

    /** One answer in progress. */
    private final class Answer {

        private final HttpServerExchange exchange;
        private final CompletionRequest request;
        /** Null if the answer is sent whole. */
        private CompletionStream stream;

        private CompletableFuture<ChatAnswer> reply;

        Answer(HttpServerExchange exchange, CompletionRequest request) {
            this.exchange = exchange;
            this.request = request;
        }

        /** Begins the stream, if one is asked for. */
        void stream() {
            if (request.stream()) {
                stream = new CompletionStream(exchange, request.writer(), this::cancel);
            }
        }

        void cancel() {
            reply.cancel(true);
        }

        /** Runs on the generation thread. */
        void piece(Piece piece) {
            if (request.stream()) {
                onIoThread(() -> stream.piece(piece));
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
            if (stream != null) {
                stream.abandon();
            }
            if (reply.isCancelled()) {
                metrics.ended(ChatMetrics.CANCELLED);
                IoUtils.safeClose(exchange.getConnection());
            } else if (failure != null) {
                fail(refusal(failure, request));
            } else if (answered.isCancelled()) {
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
                byte[] body = request.writer().whole(answered).toString().getBytes(UTF_8);
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

    /** @param request null if it could not be read */
    private static RefusedRequestException refusal(Throwable failure, CompletionRequest request) {
        if (failure instanceof RefusedRequestException refused) {
            return refused;
        } else if (failure instanceof ChatBusyException) {
            return RefusedRequestException.busy(failure.getMessage());
        } else if (failure instanceof ContextExceededException exceeded && request != null) {
            return RefusedRequestException.contextExceeded(
                    request.promptField(), request.chat().truncation() == Truncation.AUTO, exceeded);
        } else if (failure instanceof ConversationRefusedException refused && request != null) {
            return RefusedRequestException.invalid(request.promptField(), refused.getMessage());
        } else if (failure instanceof NoSuchCheckpointException gone) {
            return RefusedRequestException.notKept(gone);
        } else if (failure instanceof ChatUnavailableException) {
            return RefusedRequestException.unavailable(failure.getMessage());
        }
        LOG.error("An answer failed.", failure);
        return RefusedRequestException.failed();
    }
}
