package perdure.chat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/** Questions with one right answer each: how many does a model answer exactly, with its likeliest tokens? */
public final class Exam {
    private Exam() {}

    /**
     * @param messages end with the user's question
     * @param answer the whole answer, character for character
     */
    public record Question(List<ChatMessage> messages, String answer) {
        public Question {
            messages = List.copyOf(messages);
        }
    }

    /**
     * The number of questions whose answer equals the expected one.
     *
     * @param stop asked before each question
     * @throws CancellationException when {@code stop} says so
     */
    public static int correct(ChatModel model, List<Question> questions, BooleanSupplier stop) {
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
        // A token has a byte at least, and the stop id comes after the last: this never cuts a right answer short.
        ChatRequest.Builder request =
                ChatRequest.answer().maximumTokens(expected.getBytes(StandardCharsets.UTF_8).length + 1);
        question.messages().forEach(message -> request.message(message.role(), message.content()));
        model.answer(
                request.build(),
                piece -> expected.startsWith(answer.append(piece).toString()));
        return expected.contentEquals(answer);
    }
}
