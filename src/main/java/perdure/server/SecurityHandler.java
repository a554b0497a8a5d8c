package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import perdure.server.openai.Responses;

/**
 * Protects this machine from pages of other sites, and from requests whose end two servers could see differently. Pages
 * elsewhere cannot read, unless their origin was allowed, and the Host header must name this server, which a rebound DNS
 * name does not. They cannot act: Origin must be this server's own on all requests that change something.
 */
final class SecurityHandler implements HttpHandler {

    /**
     * The policy of the page as well: scripts, styles and requests of this server alone, and no inline code but its
     * import map.
     */
    static final String CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self' '"
            + PageHandler.importMapHash() + "'; style-src 'self'; "
            + "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final HttpString CONTENT_SECURITY = new HttpString("Content-Security-Policy");
    private static final HttpString CONTENT_TYPE_OPTIONS = new HttpString("X-Content-Type-Options");
    private static final HttpString REFERRER = new HttpString("Referrer-Policy");
    private static final HttpString RESOURCE_POLICY = new HttpString("Cross-Origin-Resource-Policy");

    private final AllowedHosts hosts;
    private final CrossOrigin origins;
    private final long bodyBytes;
    private final HttpHandler next;

    SecurityHandler(AllowedHosts hosts, CrossOrigin origins, long bodyBytes, HttpHandler next) {
        this.hosts = hosts;
        this.origins = origins;
        this.bodyBytes = bodyBytes;
        this.next = next;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        HeaderMap answer = exchange.getResponseHeaders();
        answer.put(CONTENT_SECURITY, CONTENT_SECURITY_POLICY);
        answer.put(CONTENT_TYPE_OPTIONS, "nosniff");
        answer.put(REFERRER, "no-referrer");
        answer.put(RESOURCE_POLICY, "same-origin");
        answer.put(Headers.CACHE_CONTROL, "no-store");
        origins.describe(exchange);

        String host = exchange.getRequestHeaders().getFirst(Headers.HOST);
        if (!endsClearly(exchange)) {
            exchange.setPersistent(false);
            Responses.refuse(
                    exchange, 400, "bad_transfer_encoding", "Transfer-Encoding may only be chunked, in HTTP/1.1.");
        } else if (!namesThisServer(exchange, host)) {
            Responses.refuse(
                    exchange,
                    421,
                    "misdirected_request",
                    "The Host header must name this server: " + hosts.describe()
                            + ", or what was allowed when it was started.");
        } else if (!origins.mayAct(exchange, host)) {
            Responses.refuse(
                    exchange,
                    403,
                    "forbidden_origin",
                    "A page of another origin may not do this: Origin must be this"
                            + " server's own, or one that was allowed when it was started.");
        } else if (exchange.getRequestContentLength() > bodyBytes) {
            exchange.setPersistent(false);
            Responses.refuse(exchange, 413, "too_large", "A body may have at most " + bodyBytes + " bytes.");
        } else if (!origins.answersPreflight(exchange)) {
            next.handleRequest(exchange);
        }
    }

    /** Undertow takes every transfer coding for chunked; another server would not (RFC 9112, section 6.1). */
    private static boolean endsClearly(HttpServerExchange exchange) {
        HeaderValues coding = exchange.getRequestHeaders().get(Headers.TRANSFER_ENCODING);
        return coding == null
                || exchange.isHttp11()
                        && coding.size() == 1
                        && coding.getFirst().trim().equalsIgnoreCase("chunked");
    }

    /** Only HTTP/1.0 allows a request without the header, and no browser speaks it. */
    private boolean namesThisServer(HttpServerExchange exchange, String host) {
        return host == null ? exchange.isHttp10() && !exchange.isHostIncludedInRequestURI() : hosts.contains(host);
    }
}
