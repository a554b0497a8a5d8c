package perdure.data;

import java.util.Arrays;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/**
 * A part of a document, small enough to hold in memory.
 *
 * @param role who says it in a conversation ({@code system}, {@code user}, {@code assistant} or {@code tool}); null for plain text
 * @param text a whole message, or a piece of plain text that is cut where no token can cross
 * @param endsDocument whether the document ends after it
 * @param learned whether the loss on assistant turns counts its tokens: true for plain text and for what the assistant
 *     says, false for what others say and for an answer that is not to be learned
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

    /**
     * The token ids. Plain text is encoded as it is, a message in ChatML. {@code <|endoftext|>} follows at the end of a
     * document. Of a message that is learned, the loss counts the content and {@code <|im_end|>}.
     */
    TokenWriter.Encoded encoded(Tokenizer tokenizer) {
        int[] ids = role == null ? tokenizer.encode(text) : tokenizer.encode(new ChatMessage(role, text));
        int length = ids.length;
        if (endsDocument) {
            ids = Arrays.copyOf(ids, length + 1);
            ids[length] = tokenizer.endOfText();
        }
        if (role == null || !learned) {
            return new TokenWriter.Encoded(ids, 0, learned ? ids.length : 0, role != null, endsDocument);
        }
        return new TokenWriter.Encoded(
                ids, tokenizer.contentStart(role, ids), length - tokenizer.afterMessage().length, true, endsDocument);
    }
}
