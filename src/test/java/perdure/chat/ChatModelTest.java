package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.device.NativeRuntime;
import perdure.generate.FinishReason;
import perdure.generate.SamplingOptions;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.model.TestConfigs;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

/** A model with random weights over bytes: what it says is noise, and so a hard case for characters. */
class ChatModelTest {
    private static final SamplingOptions SAMPLED = new SamplingOptions(1, 1, 0, 1, 3, 60);
    private static final List<ChatMessage> HELLO = List.of(new ChatMessage(ChatMessage.USER, "Hello"));

    private static LanguageModel weights;
    private static Tokenizer tokenizer;
    private static TokenGenerator generator;
    private static ChatModel model;

    @BeforeAll
    static void build() {
        NativeRuntime.load();
        weights = new LanguageModel(TestConfigs.BYTES, 1);
        weights.train(false);
        tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
        generator = new TokenGenerator(weights);
        model = new ChatModel(generator, tokenizer);
    }

    @AfterAll
    static void close() {
        generator.close();
        tokenizer.close();
        weights.close();
    }

    @Test
    void thePiecesAreTheAnswer() {
        List<String> pieces = new ArrayList<>();
        ChatAnswer answer = model.answer(ChatRequest.answer(HELLO, SAMPLED, List.of()), pieces::add);
        assertEquals(answer.text(), String.join("", pieces));
        assertEquals(answer, answer("Hello", List.of()), "a seed repeats its answer");
        assertEquals(24, answer.promptTokens(), "a message with a frame of 8, and 11 that open the answer");
    }

    @Test
    void endsBeforeAStopString() {
        String whole = answer("Hello", List.of()).text();
        String stop = whole.substring(10, 13);
        ChatAnswer answer = answer("Hello", List.of(stop));
        assertEquals(whole.substring(0, whole.indexOf(stop)), answer.text());
        assertEquals(FinishReason.STOP, answer.finishReason());
    }

    @Test
    void anAnswerAsLongAsWasAskedForSaysSo() {
        ChatAnswer answer =
                model.answer(ChatRequest.completion("Once", SamplingOptions.greedy(500), List.of()), piece -> true);
        assertEquals(FinishReason.LENGTH, answer.finishReason());
        assertEquals(500, answer.completionTokens());
        assertEquals(4, answer.promptTokens());
    }

    @Test
    void carriesOnFromNothing() {
        assertEquals(
                1,
                model.answer(ChatRequest.completion("", SAMPLED, List.of()), piece -> true)
                        .promptTokens());
    }

    private static ChatAnswer answer(String text, List<String> stops) {
        return model.answer(
                ChatRequest.answer(List.of(new ChatMessage(ChatMessage.USER, text)), SAMPLED, stops), piece -> true);
    }
}
