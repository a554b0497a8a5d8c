package perdure.tokenizer;

import java.util.Set;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param content plain text; special tokens that it spells out are text like any other
 */
public record ChatMessage(String role, String content) {
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
    }
}
