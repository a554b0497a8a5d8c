package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * Closes a connection whose request body has not arrived in time. Undertow's own timeouts cover the headers, or start
 * anew with each byte, so a body that arrives byte by byte would hold its connection for ever.
 */
final class BodyDeadline implements HttpHandler {

    private final Duration limit;
    private final HttpHandler next;

    BodyDeadline(Duration limit, HttpHandler next) {
        this.limit = limit;
        this.next = next;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        if (!exchange.isRequestComplete()) {
            XnioExecutor.Key deadline = exchange.getIoThread()
                    .executeAfter(
                            () -> {
                                if (!exchange.isRequestComplete()) {
                                    IoUtils.safeClose(exchange.getConnection());
                                }
                            },
                            limit.toMillis(),
                            TimeUnit.MILLISECONDS);
            exchange.addExchangeCompleteListener((ended, chain) -> {
                deadline.remove();
                chain.proceed();
            });
        }
        next.handleRequest(exchange);
    }
}
