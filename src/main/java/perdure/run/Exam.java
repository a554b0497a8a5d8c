package perdure.run;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import perdure.bundled.Question;
import perdure.chat.ChatModel;
import perdure.chat.ChatRequest;
import perdure.data.Conversation;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.tokenizer.Tokenizer;

/** Counts how many questions a model answers exactly right, taking the most likely token each time. */
final class Exam {
    private Exam() {}

    /** The result in one sentence. Everything is saved before; {@code stop} only skips the questions that are left. */
    static String result(LanguageModel model, Tokenizer tokenizer, List<Question> questions, BooleanSupplier stop) {
        model.train(false);
        try (TokenGenerator generator = new TokenGenerator(model)) {
            int correct = correct(new ChatModel(generator, tokenizer), questions, stop);
            return String.format(
                    Locale.ROOT,
                    "Held-out questions answered exactly: %d of %d (%.1f %%).",
                    correct,
                    questions.size(),
                    100.0 * correct / questions.size());
        } catch (CancellationException asked) {
            return "The held-out questions were skipped.";
        }
    }

    /**
     * The number of questions whose answer equals the expected one.
     *
     * @param stop asked before each question
     * @throws CancellationException if {@code stop} returned true
     */
    static int correct(ChatModel model, List<Question> questions, BooleanSupplier stop) {
        int correct = 0;
        for (Question question : questions) {
            if (stop.getAsBoolean()) {
                throw new CancellationException("Stopped while questions were answered.");
            }
            correct += isCorrect(model, question) ? 1 : 0;
        }
        return correct;
    }

    private static boolean isCorrect(ChatModel model, Question question) {
        String expected = question.answer();
        StringBuilder answer = new StringBuilder();
        // Every token is at least one byte, and the stop id follows the last one: no right answer is cut short.
        ChatRequest.Builder request =
                ChatRequest.answer().maximumTokens(expected.getBytes(StandardCharsets.UTF_8).length + 1);
        Conversation.alternating(question.turns())
                .messages()
                .forEach(message -> request.message(message.role(), message.content()));
        model.answer(
                request.build(),
                piece -> expected.startsWith(answer.append(piece.text()).toString()));
        return expected.contentEquals(answer);
    }
}
