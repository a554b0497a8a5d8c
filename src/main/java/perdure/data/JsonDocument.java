package perdure.data;

import java.util.ArrayList;
import java.util.List;
import perdure.tokenizer.ChatMessage;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One line of a JSON-lines file: {@code {"text": …}} or {@code {"messages": [{"role": …, "content": …}, …]}}. */
final class JsonDocument {

    private JsonDocument() {}

    /**
     * The passages of the document. Other keys are ignored.
     *
     * @throws IllegalArgumentException if the line has another form; the message begins with a verb, to follow the name
     *     of the place
     */
    static List<Passage> passages(String line) {
        JsonNode root;
        try {
            root = JsonMapper.shared().readTree(line);
        } catch (JacksonException exception) {
            throw new IllegalArgumentException(
                    "is not JSON: "
                            + exception.getOriginalMessage().lines().findFirst().orElse(""),
                    exception);
        }
        if (root.has("text") == root.has("messages")) {
            throw new IllegalArgumentException("does not have exactly one of \"text\" and \"messages\".");
        }
        return root.has("text") ? List.of(Passage.text(string(root, "text"), true)) : messages(root.get("messages"));
    }

    private static List<Passage> messages(JsonNode messages) {
        if (!messages.isArray() || messages.isEmpty()) {
            throw new IllegalArgumentException("has \"messages\" that are not a list of one or more messages.");
        }
        List<Passage> passages = new ArrayList<>();
        for (JsonNode message : messages) {
            String role = string(message, "role");
            if (!ChatMessage.isRole(role)) {
                throw new IllegalArgumentException(
                        "has the role \"" + role + "\", which is not system, user or assistant.");
            }
            passages.add(Passage.message(role, string(message, "content"), passages.size() == messages.size() - 1));
        }
        return passages;
    }

    private static String string(JsonNode node, String key) {
        JsonNode value = node.path(key);
        if (!value.isString()) {
            throw new IllegalArgumentException("has a \"" + key + "\" that is not a string, or has none.");
        }
        return value.asString();
    }
}
