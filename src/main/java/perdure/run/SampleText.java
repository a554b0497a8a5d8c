package perdure.run;

import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import perdure.chat.ChatModel;
import perdure.chat.ChatRequest;
import perdure.chat.ConversationRefusedException;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/**
 * A sample of the model in training: an answer if it learns to chat, else free text.
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
        ChatRequest.Builder request = chats
                ? ChatRequest.answer().message(ChatMessage.USER, QUESTION)
                : ChatRequest.completion("\n").temperature(TEMPERATURE).seed(1);
        model.train(false);
        try (TokenGenerator generator = new TokenGenerator(model)) {
            String text = new ChatModel(generator, tokenizer)
                    .answer(request.maximumTokens(TOKENS).build(), piece -> !stop.getAsBoolean())
                    .choices()
                    .get(0)
                    .text();
            return chats ? QUESTION + " -> " + text : text;
        } catch (ConversationRefusedException noSuchQuestion) {
            return noSuchQuestion.getMessage(); // Its conversations may have another form.
        }
    }
}
