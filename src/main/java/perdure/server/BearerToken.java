package perdure.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.security.MessageDigest;
import perdure.server.openai.Responses;

/**
 * Lets a request through if it carries the token, which is compared in constant time. Without a token, lets everyone
 * through.
 */
final class BearerToken {

    private static final Responses.Problem REFUSAL = new Responses.Problem(
            "Send the server's token as Authorization: Bearer, which is an OpenAI client's API key.",
            Responses.INVALID_REQUEST,
            null,
            "invalid_api_key");

    private static final String SCHEME = "Bearer ";

    private final byte[] expected;

    /** @param token null: none is needed */
    BearerToken(String token) {
        this.expected = token == null ? null : token.getBytes(UTF_8);
    }

    HttpHandler guard(HttpHandler next) {
        return expected == null
                ? next
                : exchange -> {
                    if (knows(exchange)) {
                        next.handleRequest(exchange);
                    } else {
                        exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Bearer");
                        Responses.error(exchange, 401, REFUSAL);
                    }
                };
    }

    private boolean knows(HttpServerExchange exchange) {
        String given = exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION);
        return given != null
                && given.regionMatches(true, 0, SCHEME, 0, SCHEME.length()) // a scheme has no case, RFC 9110
                && MessageDigest.isEqual(given.substring(SCHEME.length()).trim().getBytes(UTF_8), expected);
    }
}
