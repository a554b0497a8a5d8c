package perdure.run;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import perdure.chat.ChatMessage;
import perdure.chat.ChatModel;
import perdure.chat.ChatRequest;
import perdure.generate.SamplingOptions;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.tokenizer.Tokenizer;

/**
 * What a model in training says: an answer where it learns to chat, else some text of its own.
 *
 * @param chats whether it learns to chat
 * @param stop ends the sample at its next token
 */
record SampleText(LanguageModel model, Tokenizer tokenizer, boolean chats, BooleanSupplier stop)
        implements Supplier<String> {

    private static final String QUESTION = "What is your name?";
    private static final int TOKENS = 48;
    private static final double TEMPERATURE = 0.8;

    @Override
    public String get() {
        ChatRequest request = chats
                ? ChatRequest.answer(
                        List.of(new ChatMessage(ChatMessage.USER, QUESTION)), SamplingOptions.greedy(TOKENS), List.of())
                : ChatRequest.completion("\n", new SamplingOptions(TEMPERATURE, 1.0, 0, 1.0, 1L, TOKENS), List.of());
        model.train(false);
        try (TokenGenerator generator = new TokenGenerator(model)) {
            String text = new ChatModel(generator, tokenizer)
                    .answer(request, piece -> !stop.getAsBoolean())
                    .text();
            return chats ? QUESTION + " -> " + text : text;
        }
    }
}
