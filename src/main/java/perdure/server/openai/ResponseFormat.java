package perdure.server.openai;

import java.util.regex.Pattern;
import perdure.chat.constraint.JsonFormat;
import perdure.chat.constraint.SchemaException;
import tools.jackson.databind.JsonNode;

/**
 * What an answer has to look like: {@code response_format} of a chat, {@code format} in the {@code text} of a response.
 * A schema is always followed to the letter, so that {@code strict} makes no difference.
 */
final class ResponseFormat {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private ResponseFormat() {}

    /**
     * The format of a chat, whose schema is in an object of its own.
     *
     * @return null if the answer is free text
     */
    static JsonFormat ofChat(RequestFields chat) {
        return read(chat.object("response_format"), true);
    }

    /**
     * The format of a response, whose schema stands beside its type.
     *
     * @param text null if absent
     * @return null if the answer is free text
     */
    static JsonFormat ofResponse(RequestFields text) {
        return text == null ? null : read(text.object("format"), false);
    }

    private static JsonFormat read(RequestFields format, boolean ofChat) {
        if (format == null) {
            return null;
        }
        String type = format.text("type");
        JsonFormat read = null;
        if ("json_object".equals(type)) {
            read = JsonFormat.object();
        } else if ("json_schema".equals(type)) {
            RequestFields described = ofChat ? format.object("json_schema") : format;
            format.require(described != null, "json_schema", "an object with a schema");
            read = schema(described);
        } else {
            format.require("text".equals(type), "type", "text, json_object or json_schema");
        }
        format.refuseOthers();
        return read;
    }

    private static JsonFormat schema(RequestFields described) {
        String name = described.text("name");
        described.require(name == null || NAME.matcher(name).matches(), "name", "at most 64 of a-z, A-Z, 0-9, _ and -");
        described.text("description");
        described.flag("strict");
        JsonNode schema = described.any("schema");
        described.refuseOthers();
        if (schema == null) {
            return JsonFormat.object();
        }
        try {
            return JsonFormat.schema(schema);
        } catch (SchemaException refused) {
            String path = described.path("schema") + (refused.path().isEmpty() ? "" : "." + refused.path());
            throw RefusedRequestException.invalid(path, path + " " + refused.fault() + ".");
        }
    }
}
