package perdure.chat;

import java.util.ArrayList;
import java.util.List;
import perdure.chat.constraint.JsonFormat;
import perdure.generate.SamplingOptions;
import perdure.tokenizer.ChatMessage;

/**
 * A request to a {@link ChatModel}: a conversation to answer or plain texts to continue.
 *
 * @param messages the conversation; empty if there are texts
 * @param texts to continue, each by itself; empty if there is a conversation
 * @param stops strings that end the answer and are not part of it
 * @param choices how many answers are wanted, to each text if there are several. They differ in their seeds, which go up
 *     from that of the sampling
 * @param truncation what to do if it does not fit into the context
 * @param format what an answer has to look like; null if it is free
 */
public record ChatRequest(
        List<ChatMessage> messages,
        List<String> texts,
        SamplingOptions sampling,
        List<String> stops,
        int choices,
        Truncation truncation,
        JsonFormat format) {

    /** Most answers to one request: all others wait while they are generated. */
    public static final int MOST_CHOICES = 32;

    /** What becomes of a request that does not fit into the context. */
    public enum Truncation {
        /** A prompt that does not fit is refused, and an answer ends where the context does. */
        DISABLED,
        /**
         * Whole turns are left out, the oldest first, but no system message; of a text its beginning. An answer ends where
         * the context does.
         */
        AUTO,
        /**
         * As {@link #AUTO}, but what still does not fit loses its beginning, and an answer goes on beyond the context, of
         * which the newer half is kept each time it is full.
         */
        SLIDING
    }

    public ChatRequest {
        messages = List.copyOf(messages);
        texts = List.copyOf(texts);
        stops = StopStrings.checked(stops);
        int most = MOST_CHOICES / Math.max(1, texts.size());
        if (choices < 1 || choices > most) {
            throw new IllegalArgumentException("n " + choices + " is not from 1 to " + most + ".");
        }
        if (messages.isEmpty() == texts.isEmpty()) {
            throw new IllegalArgumentException(
                    texts.isEmpty()
                            ? "The conversation has no messages."
                            : "Both a conversation and a text to continue.");
        }
    }

    /** Asks for the next message of a conversation, whose messages are added one by one. */
    public static Builder answer() {
        return new Builder(List.of());
    }

    /** Asks for a continuation of the text. */
    public static Builder completion(String text) {
        return completions(List.of(text));
    }

    /** Asks for a continuation of each text. */
    public static Builder completions(List<String> texts) {
        return new Builder(texts);
    }

    /** By default takes the most likely token each time, and at most 200 of them. */
    public static final class Builder {
        private final List<ChatMessage> messages = new ArrayList<>();
        private final List<String> stops = new ArrayList<>();
        private final List<String> texts;
        private double temperature;
        private double topP = 1;
        private int topK;
        private SamplingOptions.Penalties penalties = SamplingOptions.Penalties.NONE;
        private long seed;
        private int maximumTokens = 200;
        private int logprobs = SamplingOptions.NO_LOGPROBS;
        private int choices = 1;
        private Truncation truncation = Truncation.SLIDING;
        private JsonFormat format;

        private Builder(List<String> texts) {
            this.texts = texts;
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

        /** See {@link SamplingOptions.Penalties}. */
        public Builder penalties(double repetition, double presence, double frequency) {
            penalties = new SamplingOptions.Penalties(repetition, presence, frequency);
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

        /** See {@link SamplingOptions#logprobs()}. */
        public Builder logprobs(int value) {
            logprobs = value;
            return this;
        }

        /** How many answers are wanted. */
        public Builder choices(int value) {
            choices = value;
            return this;
        }

        /** What to do if it does not fit into the context. */
        public Builder truncation(Truncation value) {
            truncation = value;
            return this;
        }

        /** Adds a string that ends the answer and is not part of it. */
        public Builder stop(String string) {
            stops.add(string);
            return this;
        }

        /** Has every answer be JSON of this format. */
        public Builder format(JsonFormat value) {
            format = value;
            return this;
        }

        /** @throws IllegalArgumentException naming a value that is out of range */
        public ChatRequest build() {
            SamplingOptions sampling =
                    new SamplingOptions(temperature, topP, topK, penalties, seed, maximumTokens, logprobs);
            return new ChatRequest(messages, texts, sampling, stops, choices, truncation, format);
        }
    }
}
