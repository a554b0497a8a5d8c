package perdure.data;

import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/**
 * A stretch of a document, small enough to hold in memory.
 *
 * @param role who says it, in a conversation; null for plain text
 * @param text a whole message, or a piece of plain text cut where tokens cannot reach across
 * @param endsDocument whether the document ends after it
 */
public record Passage(String role, String text, boolean endsDocument) {

    /** What the tokenizer sees between two special tokens. */
    String content() {
        return role == null ? text : role + "\n" + text;
    }

    /** As tokens: plain text as it is, a message in ChatML. */
    int[] encode(Tokenizer tokenizer) {
        return role == null ? tokenizer.encode(text) : tokenizer.encode(new ChatMessage(role, text));
    }
}
