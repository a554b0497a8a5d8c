package perdure.tokenizer;

import java.util.Set;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user} or {@code assistant}
 * @param content plain text; special tokens that it spells out are text like any other
 */
public record ChatMessage(String role, String content) {
    public static final String SYSTEM = "system";
    public static final String USER = "user";
    public static final String ASSISTANT = "assistant";

    private static final Set<String> ROLES = Set.of(SYSTEM, USER, ASSISTANT);

    public ChatMessage {
        if (!isRole(role)) {
            throw new IllegalArgumentException("Role '" + role + "' is not system, user or assistant.");
        }
        if (content == null) {
            throw new IllegalArgumentException("A message of role '" + role + "' has no content.");
        }
    }

    /** Whether the text is a role that a message can have. */
    public static boolean isRole(String role) {
        return role != null && ROLES.contains(role);
    }
}
