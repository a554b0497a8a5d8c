package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.chat.ChatRequest.Truncation;
import perdure.chat.Completion.Piece;
import perdure.device.NativeRuntime;
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
        Completion answer = answer(hello());
        String text = said();
        assertEquals(answer, answer(hello()));
        assertEquals(text, said());
        assertEquals(24, answer.promptTokens(), "a message with a frame of 8, and 11 that open the answer");
    }

    @Test
    void endsBeforeAStopString() {
        answer(hello());
        String whole = said();
        String stop = whole.substring(10, 13);
        Completion answer = answer(hello().stop(stop));
        assertEquals(whole.substring(0, whole.indexOf(stop)), said());
        assertEquals(FinishReason.STOP, answer.choices().get(0).finishReason());
    }

    @Test
    void anAnswerAsLongAsWasAskedForSaysSo() {
        Completion answer = answer(ChatRequest.completion("Once").maximumTokens(500));
        assertEquals(500, answer.completionTokens());
        assertEquals(FinishReason.LENGTH, answer.choices().get(0).finishReason());
    }

    @Test
    void carriesOnFromNothing() {
        assertEquals(1, answer(ChatRequest.completion("")).promptTokens());
    }

    @Test
    void choicesDifferAndTheFirstIsThatOfASingleOne() {
        answer(hello());
        String single = said();
        List<Piece> received = new ArrayList<>();
        Completion answer = model.answer(hello().choices(3).build(), received::add);
        List<String> texts =
                answer.choices().stream().map(Completion.Choice::text).toList();
        assertEquals(single, texts.get(0));
        assertEquals(3, texts.stream().distinct().count());
        for (int index = 0; index < 3; index++) {
            int choice = index;
            assertEquals(
                    texts.get(index),
                    received.stream()
                            .filter(piece -> piece.choice() == choice)
                            .map(Piece::text)
                            .collect(Collectors.joining()));
        }
        assertEquals(
                answer.completionTokens(),
                answer.choices().stream().mapToInt(Completion.Choice::tokens).sum());
    }

    @Test
    void anAnswerThatNobodyWantsHasNoFurtherChoices() {
        Completion answer = model.answer(hello().choices(3).build(), piece -> false);
        assertEquals(1, answer.choices().size());
        assertEquals(FinishReason.CANCELLED, answer.choices().get(0).finishReason());
    }

    /** Noise over bytes is full of broken characters. */
    @Test
    void theBytesOfTheScoresAreThoseOfTheTextAndComeWithIt() {
        List<Piece> received = new ArrayList<>();
        Completion answer = model.answer(hello().logprobs(2).choices(2).build(), received::add);
        for (int index = 0; index < 2; index++) {
            int choice = index;
            Completion.Choice whole = answer.choices().get(index);
            assertEquals(whole.tokens(), whole.scores().size());
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            whole.scores().forEach(score -> bytes.writeBytes(score.bytes()));
            // The last character may be cut in two by the limit; then it is not shown.
            assertTrue(bytes.toString(StandardCharsets.UTF_8).startsWith(whole.text()));
            List<Completion.TokenScore> streamed = received.stream()
                    .filter(piece -> piece.choice() == choice)
                    .flatMap(piece -> piece.scores().stream())
                    .toList();
            assertEquals(whole.scores(), streamed);
            whole.scores().forEach(score -> assertEquals(2, score.likeliest().size()));
        }
    }

    @Test
    void theScoresEndWhereAStopStringEndsTheText() {
        answer(hello().temperature(0.3));
        String whole = said();
        Completion.Choice cut = answer(hello().temperature(0.3).logprobs(0).stop(whole.substring(10, 13)))
                .choices()
                .get(0);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        cut.scores().forEach(score -> bytes.writeBytes(score.bytes()));
        assertEquals(cut.text(), bytes.toString(StandardCharsets.UTF_8));
        assertTrue(cut.tokens() > cut.scores().size(), "the stop string has tokens too");
    }

    @Test
    void refusesWhatDoesNotFitIfNothingMayBeLeftOut() {
        int context = generator.context();
        ChatRequest.Builder fits = text(context - 1).truncation(Truncation.DISABLED);
        assertEquals(1, answer(fits.maximumTokens(100)).completionTokens(), "the answer ends where the context does");
        ContextExceededException refusal = assertThrows(
                ContextExceededException.class, () -> answer(text(context).truncation(Truncation.DISABLED)));
        assertEquals(context, refusal.promptTokens());
        assertEquals(context, refusal.context());
    }

    @Test
    void leavesOutTheOldestTurnsOrTheBeginningOfATextIfItMay() {
        ChatRequest.Builder chat = hello().message("assistant", "a".repeat(20))
                .message("user", "?")
                .truncation(Truncation.AUTO);
        Completion answer = answer(chat);
        assertEquals(new Completion.Dropped(2, 13 + 33), answer.dropped());
        assertEquals(generator.context(), answer.promptTokens() + answer.completionTokens());

        Completion carriedOn = answer(text(100).truncation(Truncation.AUTO).maximumTokens(1_000));
        assertEquals(new Completion.Dropped(0, 100 - 48), carriedOn.dropped(), "a quarter is for the answer");
        assertEquals(generator.context(), 48 + carriedOn.completionTokens());

        ChatRequest.Builder alone =
                ChatRequest.answer().message("user", "u".repeat(100)).truncation(Truncation.AUTO);
        assertThrows(ContextExceededException.class, () -> answer(alone));
    }

    @Test
    void aSlidingContextIsNeverTooShort() {
        Completion answer =
                answer(ChatRequest.answer().message("user", "u".repeat(500)).maximumTokens(200));
        assertEquals(200, answer.completionTokens());
    }

    private static ChatRequest.Builder text(int tokens) {
        return ChatRequest.completion("x".repeat(tokens)).temperature(1).topK(200);
    }

    private static ChatRequest.Builder hello() {
        return ChatRequest.answer()
                .message("user", "Hello")
                .temperature(1)
                .seed(3)
                .maximumTokens(60);
    }

    private Completion answer(ChatRequest.Builder request) {
        pieces.clear();
        return model.answer(request.build(), piece -> pieces.add(piece.text()));
    }

    private String said() {
        return String.join("", pieces);
    }
}
