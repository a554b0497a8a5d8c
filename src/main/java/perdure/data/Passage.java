package perdure.data;

import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/**
 * A part of a document, small enough to hold in memory.
 *
 * @param role who says it in a conversation ({@code system}, {@code user} or {@code assistant}); null for plain text
 * @param text a whole message, or a piece of plain text that is cut where no token can cross
 * @param endsDocument whether the document ends after it
 * @param learned whether the loss on assistant turns counts its tokens: true for plain text and for what the assistant
 *     says, false for what others say
 */
public record Passage(String role, String text, boolean endsDocument, boolean learned) {

    /** A piece of plain text. */
    static Passage text(String text, boolean endsDocument) {
        return new Passage(null, text, endsDocument, true);
    }

    /** A message of a conversation. It is learned if the assistant says it. */
    static Passage message(String role, String text, boolean endsDocument) {
        return new Passage(role, text, endsDocument, role.equals(ChatMessage.ASSISTANT));
    }

    /** The text that the tokenizer encodes between two special tokens. */
    String content() {
        return role == null ? text : role + "\n" + text;
    }

    /** The token ids. Plain text is encoded as it is, a message in ChatML. */
    int[] encode(Tokenizer tokenizer) {
        return role == null ? tokenizer.encode(text) : tokenizer.encode(new ChatMessage(role, text));
    }
}
