package perdure.chat;

import java.util.List;
import perdure.generate.SamplingOptions;

/**
 * What is asked of a {@link ChatModel}: a conversation to answer or a plain text to carry on.
 *
 * @param messages the conversation; empty if there is a text
 * @param text to carry on; null if there is a conversation
 * @param stops strings that end the answer and are not part of it
 */
public record ChatRequest(List<ChatMessage> messages, String text, SamplingOptions sampling, List<String> stops) {

    public ChatRequest {
        messages = List.copyOf(messages);
        stops = StopStrings.checked(stops);
        if (messages.isEmpty() == (text == null)) {
            throw new IllegalArgumentException(
                    text == null ? "The conversation has no messages." : "Both a conversation and a text to carry on.");
        }
    }

    /** Asks for the next message of a conversation. */
    public static ChatRequest answer(List<ChatMessage> messages, SamplingOptions sampling, List<String> stops) {
        return new ChatRequest(messages, null, sampling, stops);
    }

    /** Asks for the next message of a conversation. */
    public static ChatRequest answer(List<ChatMessage> messages, ChatOptions options) {
        return answer(messages, options.sampling(), options.stops());
    }

    /** Asks for the text to be carried on. */
    public static ChatRequest completion(String text, ChatOptions options) {
        return completion(text, options.sampling(), options.stops());
    }

    /** Asks for the text to be carried on. */
    public static ChatRequest completion(String text, SamplingOptions sampling, List<String> stops) {
        return new ChatRequest(List.of(), text, sampling, stops);
    }
}
