package perdure.chat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/**
 * Conversations as ChatML token ids: {@code <|im_start|>role\n…<|im_end|>\n} for each message, then the opening of the
 * answer. Special tokens are inserted by id and everything else is encoded as plain text, so nothing that a person
 * writes can become a special token.
 */
public final class ChatTemplate {
    private final Tokenizer tokenizer;
    private final int[] start;
    /** Closes a message: the end token and a line feed. */
    private final int[] end;
    /** Begins the answer. */
    private final int[] opening;

    public ChatTemplate(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.start = new int[] {tokenizer.imStart()};
        this.end = joined(new int[] {tokenizer.imEnd()}, tokenizer.encode("\n"));
        this.opening = joined(start, tokenizer.encode(ChatMessage.ASSISTANT + "\n"));
    }

    /**
     * The prompt for the next answer, at most {@code limit} ids long if the fixed parts of a message fit.
     *
     * <p>If the conversation is too long, the oldest turns are dropped; a leading system message and the newest turns
     * stay. A system message may fill half of the room and is cut at its end. If the last message alone is too long, it
     * is cut at its beginning.
     *
     * @throws IllegalArgumentException if there are no messages
     */
    public int[] prompt(List<ChatMessage> messages, int limit) {
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("The conversation has no messages.");
        }
        int room = limit - opening.length;
        int last = messages.size() - 1;
        boolean hasSystem = last > 0 && messages.get(0).role().equals(ChatMessage.SYSTEM);
        int[] system = hasSystem ? cutAtEnd(messages.get(0), room / 2) : new int[0];
        room -= system.length;

        Deque<int[]> turns = new ArrayDeque<>();
        turns.add(cutAtBeginning(messages.get(last), room));
        room -= turns.getLast().length;
        for (int i = last - 1; i >= (hasSystem ? 1 : 0); i--) {
            int[] turn = encoded(messages.get(i));
            room -= turn.length;
            if (room < 0) {
                dropAnswerWithoutQuestion(turns, messages.get(i + 1));
                break;
            }
            turns.addFirst(turn);
        }
        turns.addFirst(system);
        turns.addLast(opening);
        return joined(turns);
    }

    private static void dropAnswerWithoutQuestion(Deque<int[]> turns, ChatMessage oldest) {
        if (turns.size() > 1 && oldest.role().equals(ChatMessage.ASSISTANT)) {
            turns.removeFirst();
        }
    }

    private int[] encoded(ChatMessage message) {
        return tokenizer.encode(message);
    }

    private int[] cutAtEnd(ChatMessage message, int most) {
        int[] whole = encoded(message);
        return whole.length <= most ? whole : joined(Arrays.copyOf(whole, Math.max(0, most - end.length)), end);
    }

    private int[] cutAtBeginning(ChatMessage message, int most) {
        int[] whole = encoded(message);
        if (whole.length <= most) {
            return whole;
        }
        int[] head = joined(start, tokenizer.encode(message.role() + "\n"));
        int kept = Math.max(0, most - head.length - end.length);
        int[] content = tokenizer.encode(message.content());
        return joined(head, Arrays.copyOfRange(content, Math.max(0, content.length - kept), content.length), end);
    }

    private static int[] joined(int[]... parts) {
        return joined(List.of(parts));
    }

    private static int[] joined(Collection<int[]> parts) {
        return parts.stream().flatMapToInt(IntStream::of).toArray();
    }
}
