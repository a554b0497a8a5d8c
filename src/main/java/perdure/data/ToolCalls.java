package perdure.data;

import java.util.List;
import java.util.Map;

/**
 * Calls of tools as text: each as JSON between {@code <tool_call>} and {@code </tool_call>}, on lines of their own. This
 * is the form of the chat templates of Hermes and Qwen.
 */
final class ToolCalls {

    private ToolCalls() {}

    /**
     * The calls that a message has: a list of them or one alone, or a text that spells either as JSON, as tables have it.
     * A text that is no JSON is a call of which {@link #appended} says that it names no tool.
     */
    static List<?> of(Object value) {
        Object calls = value instanceof String text ? parsed(text) : value;
        if (Fields.isNothing(calls)) {
            return List.of();
        }
        return calls instanceof List<?> list ? list : List.of(calls);
    }

    private static Object parsed(String text) {
        Object calls = JsonValues.only(text);
        return calls == null && !text.isBlank() && !text.strip().equals("null") ? text : calls;
    }

    /**
     * The content of a message, then its calls.
     *
     * @param calls each has {@code name} and {@code arguments} or {@code parameters}, perhaps inside {@code function}
     * @throws RowException if one has another form
     */
    static String appended(String content, List<?> calls) {
        StringBuilder text = new StringBuilder(content);
        for (Object call : calls) {
            text.append(text.isEmpty() ? "" : "\n")
                    .append("<tool_call>\n")
                    .append(json(call))
                    .append("\n</tool_call>");
        }
        return text.toString();
    }

    private static String json(Object call) {
        Object function =
                call instanceof Map<?, ?> object && object.get("function") instanceof Map<?, ?> inner ? inner : call;
        if (!(function instanceof Map<?, ?> object) || !(object.get("name") instanceof String name)) {
            throw new RowException("has the call " + Quoted.word(JsonValues.json(call)) + ", which names no tool.");
        }
        Object arguments = object.get(object.get("arguments") == null ? "parameters" : "arguments");
        Object parsed = arguments instanceof String text ? JsonValues.only(text) : arguments;
        return "{\"name\": " + JsonValues.json(name) + ", \"arguments\": "
                + (arguments == null ? "{}" : JsonValues.json(parsed == null ? arguments : parsed)) + "}";
    }
}
