package perdure.chat;

import java.util.ArrayList;
import java.util.List;
import perdure.generate.SamplingOptions;
import perdure.tokenizer.ChatMessage;

/**
 * A request to a {@link ChatModel}: a conversation to answer or a plain text to continue.
 *
 * @param messages the conversation; empty if there is a text
 * @param text the text to continue; null if there is a conversation
 * @param stops strings that end the answer and are not part of it
 */
public record ChatRequest(List<ChatMessage> messages, String text, SamplingOptions sampling, List<String> stops) {

    public ChatRequest {
        messages = List.copyOf(messages);
        stops = StopStrings.checked(stops);
        if (messages.isEmpty() == (text == null)) {
            throw new IllegalArgumentException(
                    text == null ? "The conversation has no messages." : "Both a conversation and a text to continue.");
        }
    }

    /** Asks for the next message of a conversation, whose messages are added one by one. */
    public static Builder answer() {
        return new Builder(null);
    }

    /** Asks for a continuation of the text. */
    public static Builder completion(String text) {
        return new Builder(text);
    }

    /** By default takes the most likely token each time, and at most 200 of them. */
    public static final class Builder {
        private final List<ChatMessage> messages = new ArrayList<>();
        private final List<String> stops = new ArrayList<>();
        private final String text;
        private double temperature;
        private double topP = 1;
        private int topK;
        private double repetitionPenalty = 1;
        private long seed;
        private int maximumTokens = 200;

        private Builder(String text) {
            this.text = text;
        }

        /**
         * Adds a message to the conversation, oldest first.
         *
         * @throws IllegalArgumentException if the role is unknown or there is no content
         */
        public Builder message(String role, String content) {
            messages.add(new ChatMessage(role, content));
            return this;
        }

        /** See {@link SamplingOptions#temperature()}. */
        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        /** See {@link SamplingOptions#topP()}. */
        public Builder topP(double value) {
            topP = value;
            return this;
        }

        /** See {@link SamplingOptions#topK()}. */
        public Builder topK(int value) {
            topK = value;
            return this;
        }

        /** See {@link SamplingOptions#repetitionPenalty()}. */
        public Builder repetitionPenalty(double value) {
            repetitionPenalty = value;
            return this;
        }

        /** See {@link SamplingOptions#seed()}. */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /** See {@link SamplingOptions#maximumTokens()}. */
        public Builder maximumTokens(int value) {
            maximumTokens = value;
            return this;
        }

        /** Adds a string that ends the answer and is not part of it. */
        public Builder stop(String string) {
            stops.add(string);
            return this;
        }

        /** @throws IllegalArgumentException naming a value that is out of range */
        public ChatRequest build() {
            SamplingOptions sampling =
                    new SamplingOptions(temperature, topP, topK, repetitionPenalty, seed, maximumTokens);
            return new ChatRequest(messages, text, sampling, stops);
        }
    }
}
