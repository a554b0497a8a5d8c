package perdure.cli;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import perdure.bundled.BundledCorpus;
import perdure.chat.ChatMessage;
import perdure.chat.ChatModel;
import perdure.chat.ChatRequest;
import perdure.chat.Exam;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.tokenizer.Tokenizer;

/** A look at what a model in training says: an answer where it learns to chat, else some text of its own. */
final class SampleText implements Supplier<String> {
    private static final int TOKENS = 48;
    private static final double TEMPERATURE = 0.8;

    private final LanguageModel model;
    private final Tokenizer tokenizer;
    private final boolean chats;
    private final BooleanSupplier stop;

    SampleText(LanguageModel model, Tokenizer tokenizer, boolean chats, BooleanSupplier stop) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.chats = chats;
        this.stop = stop;
    }

    @Override
    public String get() {
        String question = "What is your name?";
        ChatRequest.Builder request = chats
                ? ChatRequest.answer().message("user", question)
                : ChatRequest.completion("\n").temperature(TEMPERATURE).seed(1);
        StringBuilder text = new StringBuilder();
        try (TokenGenerator generator = new TokenGenerator(model)) {
            new ChatModel(generator, tokenizer)
                    .answer(request.maximumTokens(TOKENS).build(), piece -> {
                        text.append(piece);
                        return !stop.getAsBoolean();
                    });
            return chats ? question + " -> " + text : text.toString();
        }
    }

    /**
     * How many of the corpus's held-out questions are answered exactly.
     *
     * @throws CancellationException if asked to stop before the last one
     */
    String examResult(BundledCorpus corpus) {
        List<Exam.Question> questions = corpus.heldOut().stream()
                .map(question -> new Exam.Question(
                        question.context().turns().stream()
                                .map(turn -> new ChatMessage(turn.role(), turn.content()))
                                .toList(),
                        question.answer()))
                .toList();
        model.train(false);
        try (TokenGenerator generator = new TokenGenerator(model)) {
            int correct = Exam.correct(new ChatModel(generator, tokenizer), questions, stop);
            return String.format(
                    Locale.ROOT,
                    "Held-out questions answered exactly: %d of %d (%.1f %%).",
                    correct,
                    questions.size(),
                    100.0 * correct / questions.size());
        }
    }
}
