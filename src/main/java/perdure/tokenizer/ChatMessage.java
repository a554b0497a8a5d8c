package perdure.tokenizer;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param content plain text; special tokens that it spells out are text like any other. Calls of tools are in it, as text
 * @param fields what a chat template may ask for beside these, such as {@code tool_calls} and {@code reasoning_content}; a
 *     {@code content} among them is that without the calls
 */
public record ChatMessage(String role, String content, Map<String, Object> fields) {
    public static final String SYSTEM = "system";
    public static final String USER = "user";
    public static final String ASSISTANT = "assistant";
    public static final String TOOL = "tool";

    private static final Set<String> ROLES = Set.of(SYSTEM, USER, ASSISTANT, TOOL);

    public ChatMessage {
        if (role == null || !ROLES.contains(role)) {
            throw new IllegalArgumentException("Role '" + role + "' is not system, user, assistant or tool.");
        }
        if (content == null) {
            throw new IllegalArgumentException("A message of role '" + role + "' has no content.");
        }
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /** A message of a role and its content alone. */
    public ChatMessage(String role, String content) {
        this(role, content, Map.of());
    }
}
