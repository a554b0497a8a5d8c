package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the first line of the routing table that fits a request; 404 and 405 are its own. */
final class Router implements HttpHandler {

    private final List<Route> routes;

    Router(List<Route> routes) {
        this.routes = List.copyOf(routes);
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        String path = exchange.getRequestPath();
        List<Route> here = routes.stream().filter(route -> route.matches(path)).toList();
        if (here.isEmpty()) {
            Responses.error(exchange, 404, "not_found", "nothing is served at this path");
            return;
        }
        for (Route route : here) {
            if (route.accepts(exchange.getRequestMethod())) {
                route.handler().handleRequest(exchange);
                return;
            }
        }
        String allowed = here.stream()
                .flatMap(route -> route.method().equals(Methods.GET) ? Stream.of("GET", "HEAD") : Stream.of("POST"))
                .distinct()
                .collect(Collectors.joining(", "));
        exchange.getResponseHeaders().put(Headers.ALLOW, allowed);
        Responses.error(exchange, 405, "method_not_allowed", "this path answers " + allowed);
    }
}
