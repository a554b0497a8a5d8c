package perdure.chat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import perdure.chat.Completion.Dropped;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/**
 * Conversations as ChatML token ids: {@code <|im_start|>role\n…<|im_end|>\n} for each message, then the opening of the
 * answer. Special tokens are inserted by id and everything else is encoded as plain text, so nothing that a person
 * writes can become a special token.
 */
public final class ChatTemplate {
    private static final int[] NOTHING = {};

    private final Tokenizer tokenizer;
    /** Begins the answer. */
    private final int[] opening;

    public ChatTemplate(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        int[] start = {tokenizer.imStart()};
        this.opening = joined(List.of(start, tokenizer.encode(ChatMessage.ASSISTANT + "\n")));
    }

    /**
     * The prompt for the next answer.
     *
     * <p>While it is longer than {@code limit}, whole turns are left out, the oldest first: a message with all that
     * follow it up to the next of the user. System messages and the last message stay, so that the prompt may remain too long.
     *
     * @throws IllegalArgumentException if there are no messages
     */
    public Prompt prompt(List<ChatMessage> messages, int limit) {
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("The conversation has no messages.");
        }
        List<int[]> parts = new ArrayList<>();
        messages.forEach(message -> parts.add(tokenizer.encode(message)));
        parts.add(opening);
        int whole = parts.stream().mapToInt(part -> part.length).sum();
        int length = whole;
        int dropped = 0;
        boolean turnDropped = false;
        for (int i = 0; i < messages.size() - 1; i++) {
            String role = messages.get(i).role();
            if (role.equals(ChatMessage.SYSTEM)) {
                continue;
            }
            turnDropped = length > limit || turnDropped && !role.equals(ChatMessage.USER);
            if (!turnDropped) {
                break;
            }
            length -= parts.set(i, NOTHING).length;
            dropped++;
        }
        return new Prompt(joined(parts), new Dropped(dropped, whole - length));
    }

    private static int[] joined(Collection<int[]> parts) {
        return parts.stream().flatMapToInt(IntStream::of).toArray();
    }
}
