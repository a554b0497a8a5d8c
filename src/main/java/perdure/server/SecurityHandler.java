package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import java.net.InetSocketAddress;
import java.util.Set;
import perdure.server.openai.Responses;

/**
 * Protects this machine from pages of other sites. They cannot read: there is no CORS, and the Host header must name
 * this server, which a rebound DNS name does not. They cannot act: Origin must equal Host on all requests that change
 * something.
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
    private static final Set<HttpString> READING = Set.of(Methods.GET, Methods.HEAD);

    private final AllowedHosts hosts;
    private final long bodyBytes;
    private final HttpHandler next;

    SecurityHandler(AllowedHosts hosts, long bodyBytes, HttpHandler next) {
        this.hosts = hosts;
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

        HeaderMap asked = exchange.getRequestHeaders();
        int port = exchange.getConnection()
                .getLocalAddress(InetSocketAddress.class)
                .getPort();
        HeaderValues host = asked.get(Headers.HOST);
        HeaderValues origin = asked.get(Headers.ORIGIN);
        if (host == null || host.size() != 1 || !hosts.contains(host.getFirst(), port)) {
            Responses.error(exchange, 421, "misdirected_request", "Host must be " + hosts.describe(port));
        } else if (origin != null
                && !READING.contains(exchange.getRequestMethod())
                && !(origin.size() == 1 && names(origin.getFirst(), host.getFirst()))) {
            Responses.error(exchange, 403, "forbidden", "Origin must be this server's own");
        } else if (exchange.getRequestContentLength() > bodyBytes) {
            exchange.setPersistent(false);
            Responses.error(exchange, 413, "too_large", "a body may have at most " + bodyBytes + " bytes");
        } else {
            next.handleRequest(exchange);
        }
    }

    private static boolean names(String origin, String host) {
        return origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host);
    }
}
