package perdure.data;

import java.util.List;
import java.util.stream.IntStream;
import perdure.tokenizer.ChatMessage;

/** The messages of one conversation, in order. */
public record Conversation(List<ChatMessage> messages) {

    public Conversation {
        messages = List.copyOf(messages);
    }

    /** A conversation in which a user and an assistant take turns. The user is first. */
    public static Conversation alternating(List<String> turns) {
        return new Conversation(IntStream.range(0, turns.size())
                .mapToObj(i -> new ChatMessage(i % 2 == 0 ? ChatMessage.USER : ChatMessage.ASSISTANT, turns.get(i)))
                .toList());
    }
}
