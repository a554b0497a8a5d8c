package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import perdure.bundled.Question;
import perdure.chat.ChatModel;
import perdure.device.NativeRuntime;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.model.TestConfigs;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.ChatTemplate;
import perdure.tokenizer.Tokenizer;

class ExamTest {
    /** A model that has learnt one answer by heart passes where exactly that is expected, and nowhere else. */
    @Test
    void countsTheAnswersThatAreExactlyRight() {
        NativeRuntime.load();
        List<ChatMessage> question = List.of(new ChatMessage(ChatMessage.USER, "Sky?"));
        try (Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
                LanguageModel weights = new LanguageModel(TestConfigs.BYTES.withIntermediateSize(64), 1)) {
            learn(weights, conversation(tokenizer, question, "Blue ☁."));
            try (TokenGenerator generator = new TokenGenerator(weights)) {
                List<Question> questions = new ArrayList<>();
                for (String answer : List.of("Blue ☁.", "Blue ☁", "Blue ☁..", "blue ☁.", "Blue ☁.", "")) {
                    questions.add(new Question("test/sky", List.of("Sky?"), answer, false));
                }
                assertEquals(2, Exam.correct(new ChatModel(generator, tokenizer), questions, () -> false));
                assertThrows(
                        CancellationException.class,
                        () -> Exam.correct(new ChatModel(generator, tokenizer), questions, () -> true));
            }
        }
    }

    /** Everything is saved before the exam begins: a stop leaves questions out, and fails nothing. */
    @Test
    void aStopLeavesTheRestOut() {
        NativeRuntime.load();
        List<Question> questions = List.of(new Question("test/sky", List.of("Sky?"), "Blue.", false));
        try (Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
                LanguageModel model = new LanguageModel(TestConfigs.BYTES, 1)) {
            assertEquals("The held-out questions were skipped.", Exam.result(model, tokenizer, questions, () -> true));
            assertEquals(
                    "Held-out questions answered exactly: 0 of 1 (0.0 %).",
                    Exam.result(model, tokenizer, questions, () -> false));
        }
    }

    private static int[] conversation(Tokenizer tokenizer, List<ChatMessage> question, String answer) {
        IntStream prompt = IntStream.of(new ChatTemplate(tokenizer).prompt(question, LocalDateTime.now()));
        IntStream reply = IntStream.concat(IntStream.of(tokenizer.encode(answer)), IntStream.of(tokenizer.imEnd()));
        return IntStream.concat(prompt, reply).toArray();
    }

    private static void learn(LanguageModel model, int[] ids) {
        long[] all = IntStream.of(ids).asLongStream().toArray();
        try (PointerScope scope = new PointerScope()) {
            List<Tensor> weights = new ArrayList<>(model.matrices());
            weights.addAll(model.vectors());
            Adam adam = new Adam(new TensorVector(weights.toArray(new Tensor[0])), new AdamOptions(0.01));
            Tensor sequence = torch.tensor(all).view(1, all.length);
            Tensor inputs = sequence.narrow(1, 0, all.length - 1).contiguous();
            Tensor targets = sequence.narrow(1, 1, all.length - 1).contiguous();
            for (int step = 0; step < 60; step++) {
                adam.zero_grad();
                model.forward(inputs, targets, 1).backward();
                adam.step();
            }
        }
        model.train(false);
    }
}
