package perdure.server.openai;

import static perdure.server.openai.Responses.INVALID_REQUEST;
import static perdure.server.openai.Responses.shortened;

import perdure.chat.ContextExceededException;
import perdure.chat.NoSuchCheckpointException;

/** A request that is refused, and the answer that says why. */
final class RefusedRequestException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final String parameter;
    private final String code;

    private RefusedRequestException(int status, String type, String parameter, String code, String message) {
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.parameter = parameter;
        this.code = code;
    }

    /** @param parameter the field at fault, or null */
    static RefusedRequestException invalid(String parameter, String message) {
        return new RefusedRequestException(400, INVALID_REQUEST, parameter, null, message);
    }

    /** @param meant the field that it may be meant to be, or null */
    static RefusedRequestException unknownField(String name, String meant) {
        String shown = shortened(name);
        String hint = meant == null ? "" : " Did you mean " + meant + "?";
        return new RefusedRequestException(
                400, INVALID_REQUEST, shown, "unknown_parameter", "Unknown field: " + shown + "." + hint);
    }

    /**
     * @param parameter the field that holds the prompt
     * @param oldestLeftOut whether all that may be left out is left out already
     */
    static RefusedRequestException contextExceeded(
            String parameter, boolean oldestLeftOut, ContextExceededException exceeded) {
        String message = "This model's maximum context length is " + exceeded.context() + " tokens, but "
                + (oldestLeftOut ? "the last message, with those of the system," : "the prompt") + " has "
                + exceeded.promptTokens() + " tokens, which leaves no room for an answer. Shorten it"
                + (oldestLeftOut ? "." : ", or send \"truncation\": \"auto\" to have the oldest part left out.");
        return new RefusedRequestException(400, INVALID_REQUEST, parameter, "context_length_exceeded", message);
    }

    /** @param id of a response or message that is not known any more, or never was */
    static RefusedRequestException forgotten(String parameter, String code, String id) {
        String message =
                "Nothing is known of '" + shortened(String.valueOf(id)) + "': only the newest responses are kept, and"
                        + " only while the server runs. Send the messages themselves instead.";
        return new RefusedRequestException(400, INVALID_REQUEST, parameter, code, message);
    }

    static RefusedRequestException unknownModel(String model) {
        String message = "The model '" + shortened(model) + "' is not served here; GET /v1/models lists what is.";
        return new RefusedRequestException(404, INVALID_REQUEST, "model", "model_not_found", message);
    }

    static RefusedRequestException notKept(NoSuchCheckpointException gone) {
        String message = shortened(gone.getMessage()) + " GET /v1/models lists those that can be asked.";
        return new RefusedRequestException(404, INVALID_REQUEST, "model", "model_not_found", message);
    }

    static RefusedRequestException tooLarge(long bytes) {
        String message = "A body may have at most " + bytes + " bytes.";
        return new RefusedRequestException(413, INVALID_REQUEST, null, "too_large", message);
    }

    static RefusedRequestException compressed(String encoding) {
        String message = "A body must not be compressed, but Content-Encoding is " + shortened(encoding) + ".";
        return new RefusedRequestException(415, INVALID_REQUEST, null, "unsupported_encoding", message);
    }

    static RefusedRequestException busy(String message) {
        return new RefusedRequestException(429, "rate_limit_error", null, "queue_full", message);
    }

    static RefusedRequestException unavailable(String message) {
        return new RefusedRequestException(503, "server_error", null, "unavailable", message);
    }

    static RefusedRequestException failed() {
        return new RefusedRequestException(500, "server_error", null, null, "The server failed; see its log.");
    }

    int status() {
        return status;
    }

    Responses.Problem problem() {
        return new Responses.Problem(getMessage(), type, parameter, code);
    }
}
