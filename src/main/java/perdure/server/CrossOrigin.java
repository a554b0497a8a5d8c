package perdure.server;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import java.util.Set;

/**
 * Which pages may act on this server, by the Origin header that browsers send: its own page, and pages of the origins
 * that were allowed by name. The latter may read as well (CORS, in the Fetch Standard). There are no cookies, so
 * credentials are never allowed: scripts send the token themselves.
 */
final class CrossOrigin {

    private static final Set<HttpString> READING = Set.of(Methods.GET, Methods.HEAD, Methods.OPTIONS);
    private static final HttpString ALLOW_ORIGIN = new HttpString("Access-Control-Allow-Origin");
    private static final HttpString ALLOW_METHODS = new HttpString("Access-Control-Allow-Methods");
    private static final HttpString ALLOW_HEADERS = new HttpString("Access-Control-Allow-Headers");
    private static final HttpString ALLOW_PRIVATE_NETWORK = new HttpString("Access-Control-Allow-Private-Network");
    private static final HttpString EXPOSE_HEADERS = new HttpString("Access-Control-Expose-Headers");
    private static final HttpString MAX_AGE = new HttpString("Access-Control-Max-Age");
    private static final HttpString REQUEST_METHOD = new HttpString("Access-Control-Request-Method");
    private static final HttpString REQUEST_HEADERS = new HttpString("Access-Control-Request-Headers");
    private static final HttpString REQUEST_PRIVATE_NETWORK = new HttpString("Access-Control-Request-Private-Network");
    private static final String HEADER_NAMES = "[\\w!#$%&'*+.^`|~, -]+";

    private final Access access;

    CrossOrigin(Access access) {
        this.access = access;
    }

    /** Adds the headers that let a page of an allowed origin read the answer. Without any such origin there are none. */
    void describe(HttpServerExchange exchange) {
        if (access.origins().isEmpty()) {
            return;
        }
        HeaderMap answer = exchange.getResponseHeaders();
        answer.put(Headers.VARY, "Origin");
        HeaderValues origins = exchange.getRequestHeaders().get(Headers.ORIGIN);
        if (origins != null && origins.size() == 1 && access.origins().contains(origins.getFirst())) {
            answer.put(ALLOW_ORIGIN, origins.getFirst());
            answer.put(EXPOSE_HEADERS, "Retry-After");
        }
    }

    /** Whether a request changes nothing, does not come from a page, or comes from one that may act here. */
    boolean mayAct(HttpServerExchange exchange, String host) {
        HeaderValues origins = exchange.getRequestHeaders().get(Headers.ORIGIN);
        if (origins == null || READING.contains(exchange.getRequestMethod())) {
            return true;
        }
        String origin = origins.getFirst();
        return origins.size() == 1
                && (isOwn(origin, host)
                        || origin.equals(access.publicOrigin())
                        || access.origins().contains(origin));
    }

    /** Answers the question that a browser asks before a page elsewhere may send a request; the path does not matter. */
    boolean answersPreflight(HttpServerExchange exchange) {
        HeaderMap asked = exchange.getRequestHeaders();
        HeaderMap answer = exchange.getResponseHeaders();
        if (!exchange.getRequestMethod().equals(Methods.OPTIONS)
                || !asked.contains(REQUEST_METHOD)
                || !answer.contains(ALLOW_ORIGIN)) {
            return false;
        }
        answer.put(ALLOW_METHODS, "GET, HEAD, POST, OPTIONS");
        String headers = asked.getFirst(REQUEST_HEADERS);
        if (headers != null && headers.matches(HEADER_NAMES)) {
            answer.put(ALLOW_HEADERS, headers);
        }
        if ("true".equals(asked.getFirst(REQUEST_PRIVATE_NETWORK))) {
            answer.put(ALLOW_PRIVATE_NETWORK, "true");
        }
        answer.put(MAX_AGE, "600");
        exchange.setStatusCode(204).endExchange();
        return true;
    }

    /** A proxy that ends TLS and keeps the Host header makes it https. */
    private static boolean isOwn(String origin, String host) {
        return host != null
                && (origin.equalsIgnoreCase("http://" + without(host, ":80"))
                        || origin.equalsIgnoreCase("https://" + without(host, ":443")));
    }

    /** The host without that port, such as {@code :80}. */
    static String without(String host, String port) {
        return host.endsWith(port) ? host.substring(0, host.length() - port.length()) : host;
    }
}
