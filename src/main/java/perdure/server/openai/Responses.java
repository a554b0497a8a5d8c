package perdure.server.openai;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.nio.ByteBuffer;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The JSON answers, with one content type and OpenAI's form for errors. */
public final class Responses {

    /** The type of a problem for which the request is to blame. */
    public static final String INVALID_REQUEST = "invalid_request_error";

    static final String JSON = "application/json; charset=utf-8";

    private static final int MOST_CHARACTERS = 100;
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private Responses() {}

    public static void json(HttpServerExchange exchange, int status, byte[] body) {
        send(exchange, status, JSON, body);
    }

    public static void json(HttpServerExchange exchange, int status, Map<String, ?> body) {
        json(exchange, status, MAPPER.writeValueAsBytes(body));
    }

    public static void error(HttpServerExchange exchange, int status, String type, String message) {
        error(exchange, status, new Problem(message, type, null, null));
    }

    /** Refuses a request that is at fault. */
    public static void refuse(HttpServerExchange exchange, int status, String code, String message) {
        error(exchange, status, new Problem(message, INVALID_REQUEST, null, code));
    }

    public static void error(HttpServerExchange exchange, int status, Problem problem) {
        json(exchange, status, Map.of("error", problem));
    }

    public static void send(HttpServerExchange exchange, int status, String contentType, byte[] body) {
        exchange.setStatusCode(status);
        exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, contentType);
        exchange.setResponseContentLength(body.length);
        exchange.getResponseSender().send(ByteBuffer.wrap(body));
    }

    /** The beginning of a text that a client sent, for a message. */
    public static String shortened(String text) {
        return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "…";
    }

    /**
     * Sends an error as {@code {"error":{"message":…,"type":…,"param":…,"code":…}}}, the form that OpenAI's clients
     * read.
     *
     * @param param the field at fault, or null
     * @param code for programs, or null
     */
    public record Problem(String message, String type, String param, String code) {}
}
