package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import perdure.server.openai.Responses;

/** Finds the first line of the routing table that matches a request. Answers 404 or 405 itself if none does. */
final class Router implements HttpHandler {

    private final List<Route> routes;

    Router(List<Route> routes) {
        this.routes = List.copyOf(routes);
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        String path = exchange.getRequestPath();
        Set<String> allowed = new LinkedHashSet<>();
        for (Route route : routes) {
            if (route.matches(path)) {
                if (route.accepts(exchange.getRequestMethod())) {
                    route.handler().handleRequest(exchange);
                    return;
                }
                allowed.addAll(route.method().equals(Methods.GET) ? List.of("GET", "HEAD") : List.of("POST"));
            }
        }
        if (allowed.isEmpty()) {
            Responses.error(exchange, 404, "not_found", "nothing is served at this path");
            return;
        }
        String methods = String.join(", ", allowed);
        exchange.getResponseHeaders().put(Headers.ALLOW, methods);
        Responses.error(exchange, 405, "method_not_allowed", "this path answers " + methods);
    }
}
