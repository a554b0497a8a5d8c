package perdure.chat;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import perdure.chat.Completion.Dropped;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.ChatTemplate;
import perdure.tokenizer.ChatTemplateException;
import perdure.tokenizer.Tokenizer;

/** The prompt of a conversation, of which whole turns are left out while it is too long. */
final class ConversationPrompt {
    private final Tokenizer tokenizer;
    /** Null until there is a conversation: a model without a chat template can continue texts. */
    private ChatTemplate template;

    ConversationPrompt(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * The prompt for the next answer.
     *
     * <p>While it is longer than {@code limit}, whole turns are left out, the oldest first: a message with all that
     * follow it up to the next of the user. System messages and the last message stay, so that the prompt may remain too
     * long.
     *
     * @throws IllegalArgumentException if there are no messages
     * @throws ConversationRefusedException if the model has no chat template, or it refuses the conversation
     */
    Prompt prompt(List<ChatMessage> messages, int limit) {
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("The conversation has no messages.");
        }
        try {
            return shortened(messages, limit);
        } catch (ChatTemplateException refusal) {
            throw new ConversationRefusedException(refusal);
        }
    }

    private Prompt shortened(List<ChatMessage> messages, int limit) {
        if (template == null) {
            template = new ChatTemplate(tokenizer);
        }
        LocalDateTime now = LocalDateTime.now();
        int[] whole = template.prompt(messages, now);
        if (whole.length <= limit) {
            return new Prompt(whole, Dropped.NOTHING);
        }
        List<List<ChatMessage>> shorter = shorter(messages);
        int least = 0; // the first that is not too long, or the last
        int most = shorter.size() - 1;
        while (least < most) {
            int middle = (least + most) >>> 1;
            if (template.prompt(shorter.get(middle), now).length <= limit) {
                most = middle;
            } else {
                least = middle + 1;
            }
        }
        List<ChatMessage> kept = shorter.isEmpty() ? messages : shorter.get(least);
        int[] ids = template.prompt(kept, now);
        return new Prompt(ids, new Dropped(messages.size() - kept.size(), whole.length - ids.length));
    }

    /** The conversation without its oldest turn, without its two oldest, and so on. */
    private static List<List<ChatMessage>> shorter(List<ChatMessage> messages) {
        List<List<ChatMessage>> shorter = new ArrayList<>();
        int last = messages.size() - 1;
        for (int i = 1; i <= last; i++) {
            if (i == last || messages.get(i).role().equals(ChatMessage.USER)) {
                List<ChatMessage> kept = new ArrayList<>();
                for (ChatMessage message : messages.subList(0, i)) {
                    if (message.role().equals(ChatMessage.SYSTEM)) {
                        kept.add(message);
                    }
                }
                kept.addAll(messages.subList(i, messages.size()));
                shorter.add(kept);
            }
        }
        return shorter;
    }
}
