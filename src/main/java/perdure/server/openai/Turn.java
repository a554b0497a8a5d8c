package perdure.server.openai;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** A message of a request, in the words of {@link perdure.chat.ChatRequest}. */
record Turn(String role, String text) {

    private static final int MOST_PARTS = 1_000;
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");

    /**
     * Reads role and content, which is a text or an array of parts. The fields that nothing needs are taken as well.
     *
     * @param parts the types of parts that have a text
     */
    static Turn read(RequestFields message, List<String> parts) {
        String role = message.text("role");
        message.require(role != null && ROLES.contains(role), "role", "system, developer, user, assistant or tool");
        message.neutral("tool_calls", "[]");
        message.neutral("function_call", "{}");
        message.neutral("annotations", "[]");
        message.ignore("name", "id", "status", "phase", "cache_control", "tool_call_id", "reasoning_content");
        JsonNode content = message.any("content");
        String refusal = message.text("refusal");
        String text = content != null && content.isArray() ? joined(message, parts) : message.text("content");
        text = text == null ? refusal : text;
        message.require(text != null, "content", "given: a string or an array of parts");
        message.refuseOthers();
        return new Turn("developer".equals(role) ? "system" : role, text);
    }

    private static String joined(RequestFields message, List<String> parts) {
        return message.objects("content", MOST_PARTS).stream()
                .map(part -> {
                    String type = part.text("type");
                    part.require(
                            type != null && (parts.contains(type) || type.equals("refusal")),
                            "type",
                            String.join(" or ", parts) + ": nothing else can be read");
                    String field = type.equals("refusal") ? type : "text";
                    String text = part.text(field);
                    part.require(text != null, field, "a string");
                    part.neutral("annotations", "[]");
                    part.ignore("cache_control", "logprobs", "prompt_cache_breakpoint");
                    part.refuseOthers();
                    return text;
                })
                .collect(Collectors.joining());
    }
}
