package perdure.chat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import perdure.generate.SamplingOptions;

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

    /** The number of questions whose answer equals the expected one. */
    public static int correct(ChatModel model, List<Question> questions) {
        return (int) questions.stream()
                .filter(question -> isCorrect(model, question))
                .count();
    }

    private static boolean isCorrect(ChatModel model, Question question) {
        String expected = question.answer();
        StringBuilder answer = new StringBuilder();
        // A token has a byte at least, and the stop id comes after the last: this never cuts a right answer short.
        SamplingOptions options = SamplingOptions.greedy(expected.getBytes(StandardCharsets.UTF_8).length + 1);
        ChatRequest request = ChatRequest.answer(question.messages(), options, List.of());
        model.answer(request, piece -> expected.startsWith(answer.append(piece).toString()));
        return expected.contentEquals(answer);
    }
}
