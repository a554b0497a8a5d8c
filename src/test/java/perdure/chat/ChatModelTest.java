package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.device.NativeRuntime;
import perdure.generate.Generation;
import perdure.generate.Generation.FinishReason;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.model.TestConfigs;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

/** A model with random weights over bytes: what it says is noise, and so a hard case for characters. */
class ChatModelTest {
    private static LanguageModel weights;
    private static Tokenizer tokenizer;
    private static TokenGenerator generator;
    private static ChatModel model;

    private final List<String> pieces = new ArrayList<>();

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
    void aSeedRepeatsItsAnswer() {
        Generation generation = answer(hello());
        String text = said();
        assertEquals(generation, answer(hello()));
        assertEquals(text, said());
        assertEquals(24, generation.promptTokens(), "a message with a frame of 8, and 11 that open the answer");
    }

    @Test
    void endsBeforeAStopString() {
        answer(hello());
        String whole = said();
        String stop = whole.substring(10, 13);
        Generation generation = answer(hello().stop(stop));
        assertEquals(whole.substring(0, whole.indexOf(stop)), said());
        assertEquals(FinishReason.STOP, generation.finishReason());
    }

    @Test
    void anAnswerAsLongAsWasAskedForSaysSo() {
        Generation generation = answer(ChatRequest.completion("Once").maximumTokens(500));
        assertEquals(new Generation(4, 500, FinishReason.LENGTH), generation);
    }

    @Test
    void carriesOnFromNothing() {
        assertEquals(1, answer(ChatRequest.completion("")).promptTokens());
    }

    private static ChatRequest.Builder hello() {
        return ChatRequest.answer()
                .message("user", "Hello")
                .temperature(1)
                .seed(3)
                .maximumTokens(60);
    }

    private Generation answer(ChatRequest.Builder request) {
        pieces.clear();
        return model.answer(request.build(), pieces::add);
    }

    private String said() {
        return String.join("", pieces);
    }
}
