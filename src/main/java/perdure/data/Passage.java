package perdure.data;

import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/**
 * A part of a document, small enough to hold in memory.
 *
 * @param role who says it in a conversation ({@code system}, {@code user} or {@code assistant}); null for plain text
 * @param text a whole message, or a piece of plain text that is cut where no token can cross
 * @param endsDocument whether the document ends after it
 */
public record Passage(String role, String text, boolean endsDocument) {

    /** The text that the tokenizer encodes between two special tokens. */
    String content() {
        return role == null ? text : role + "\n" + text;
    }

    /** The token ids. Plain text is encoded as it is, a message in ChatML. */
    int[] encode(Tokenizer tokenizer) {
        return role == null ? tokenizer.encode(text) : tokenizer.encode(new ChatMessage(role, text));
    }
}
