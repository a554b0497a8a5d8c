package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import perdure.server.openai.Responses;

/**
 * Finds the first line of the routing table that matches a request. Answers OPTIONS itself, and 404 or 405 if none does.
 * Slashes that are doubled or at the end mean nothing. Behind a proxy that leaves its path in place, that path comes
 * first; a path that is in the table without it is never taken for one with it.
 */
final class Router implements HttpHandler {

    private final List<Route> routes;
    private final String prefix;
    private final PathHint hint;

    /** @param prefix the path that a proxy may leave in place, such as {@code /perdure}, or an empty text */
    Router(List<Route> routes, String prefix) {
        this.routes = List.copyOf(routes);
        this.prefix = prefix;
        this.hint = new PathHint(routes.stream().map(Route::path).toList());
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        String asked = exchange.getRequestPath();
        HttpString method = exchange.getRequestMethod();
        if (asked.equals(prefix) && !prefix.isEmpty()) {
            toTheFolder(exchange);
            return;
        }
        String path = normal(asked);
        List<Route> matching = routesOf(path);
        if (matching.isEmpty() && (path + "/").startsWith(prefix + "/")) {
            path = normal(path.substring(prefix.length()));
            matching = routesOf(path);
        }
        if (matching.isEmpty()) {
            if (asked.equals("*") && method.equals(Methods.OPTIONS)) {
                allow(exchange, routes);
                exchange.setStatusCode(204).endExchange();
                return;
            }
            Responses.refuse(
                    exchange,
                    404,
                    "unknown_url",
                    "Nothing is served at " + Responses.shortened(asked) + "." + hint.of(path));
            return;
        }
        exchange.setRequestPath(path);
        exchange.setRelativePath(path);
        for (Route route : matching) {
            if (route.accepts(method)) {
                route.handler().handleRequest(exchange);
                return;
            }
        }
        String methods = allow(exchange, matching);
        if (method.equals(Methods.OPTIONS)) {
            exchange.setStatusCode(204).endExchange();
        } else {
            Responses.refuse(
                    exchange, 405, "method_not_supported", Responses.shortened(asked) + " answers " + methods + ".");
        }
    }

    private List<Route> routesOf(String path) {
        return routes.stream().filter(route -> route.matches(path)).toList();
    }

    /** Relative links of the page need the slash at the end. */
    private static void toTheFolder(HttpServerExchange exchange) {
        String path = exchange.getRequestPath();
        String query = exchange.getQueryString();
        exchange.getResponseHeaders()
                .put(
                        Headers.LOCATION,
                        path.substring(path.lastIndexOf('/') + 1) + "/" + (query.isEmpty() ? "" : "?" + query));
        exchange.setStatusCode(308).endExchange();
    }

    private static String normal(String path) {
        StringBuilder normal = new StringBuilder("/");
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) != '/' || normal.charAt(normal.length() - 1) != '/') {
                normal.append(path.charAt(i));
            }
        }
        int end = normal.length() - 1;
        return end > 0 && normal.charAt(end) == '/' ? normal.substring(0, end) : normal.toString();
    }

    private static String allow(HttpServerExchange exchange, List<Route> routes) {
        String methods = Stream.concat(routes.stream().flatMap(Route::methods), Stream.of(Methods.OPTIONS))
                .map(HttpString::toString)
                .distinct()
                .collect(Collectors.joining(", "));
        exchange.getResponseHeaders().put(Headers.ALLOW, methods);
        return methods;
    }
}
