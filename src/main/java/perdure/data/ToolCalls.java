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
     * The content of a message, then its calls.
     *
     * @param calls a call or a list of calls; each has {@code name} and {@code arguments}, perhaps inside {@code function}
     * @throws RowException if it has another form
     */
    static String appended(String content, Object calls) {
        StringBuilder text = new StringBuilder(content);
        for (Object call : calls instanceof List<?> list ? list : List.of(calls)) {
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
            throw new RowException("has a call of a tool that names none.");
        }
        Object arguments = object.get("arguments");
        Object parsed = arguments instanceof String text ? JsonValues.only(text) : arguments;
        return "{\"name\": " + JsonValues.json(name) + ", \"arguments\": "
                + (arguments == null ? "{}" : JsonValues.json(parsed == null ? arguments : parsed)) + "}";
    }
}
