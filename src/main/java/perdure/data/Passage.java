package perdure.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import perdure.tokenizer.ChatMessage;

/**
 * A part of a document, small enough to hold in memory.
 *
 * @param role who says it in a conversation ({@code system}, {@code user}, {@code assistant} or {@code tool}); null for plain text
 * @param text a whole message, or a piece of plain text that is cut where no token can cross
 * @param endsDocument whether the document ends after it
 * @param learned whether the loss on assistant turns counts its tokens: true for plain text and for what the assistant
 *     says, false for what others say and for an answer that is not to be learned
 * @param fields what else a chat template may ask for: see {@link ChatMessage#fields}; in the first message of a
 *     conversation also its {@value #TOOLS}
 */
public record Passage(String role, String text, boolean endsDocument, boolean learned, Map<String, Object> fields) {

    static final String TOOLS = "tools";

    Passage(String role, String text, boolean endsDocument, boolean learned) {
        this(role, text, endsDocument, learned, Map.of());
    }

    /** A piece of plain text. */
    static Passage text(String text, boolean endsDocument) {
        return new Passage(null, text, endsDocument, true);
    }

    /** A message of a conversation. It is learned if the assistant says it. */
    static Passage message(String role, String text, boolean endsDocument) {
        return new Passage(role, text, endsDocument, role.equals(ChatMessage.ASSISTANT));
    }

    /** The text of a message with its role, or plain text: what a tokenizer learns from. */
    String content() {
        return role == null ? text : role + "\n" + text;
    }

    /** The same, as chat templates have it. */
    ChatMessage message() {
        if (!fields.containsKey(TOOLS)) {
            return new ChatMessage(role, text, fields);
        }
        Map<String, Object> own = new LinkedHashMap<>(fields);
        own.remove(TOOLS);
        return new ChatMessage(role, text, own);
    }

    /** The tools that are told in this message; usually none. */
    List<?> tools() {
        return fields.get(TOOLS) instanceof List<?> tools ? tools : List.of();
    }
}
