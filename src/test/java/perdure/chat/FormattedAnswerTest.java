package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import perdure.chat.constraint.JsonFormat;
import perdure.chat.constraint.RandomSchemas;
import perdure.chat.constraint.SchemaJudge;
import perdure.device.NativeRuntime;
import perdure.generate.Generation.FinishReason;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.model.TestConfigs;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real model with random weights, and a tokenizer that has learnt pieces of JSON: it says nothing that parses. */
class FormattedAnswerTest {
    private static LanguageModel weights;
    private static Tokenizer tokenizer;
    private static TokenGenerator generator;
    private static ChatModel model;

    @BeforeContainer
    static void build() {
        NativeRuntime.load();
        List<String> texts = IntStream.range(0, 2_000)
                .mapToObj(seed -> RandomSchemas.of(seed).toString())
                .collect(Collectors.toList());
        tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(texts, 700));
        weights = new LanguageModel(TestConfigs.BYTES.withVocabularySize(tokenizer.vocabularySize()), 1);
        weights.train(false);
        generator = new TokenGenerator(weights);
        model = new ChatModel(generator, tokenizer);
    }

    @AfterContainer
    static void close() {
        generator.close();
        tokenizer.close();
        weights.close();
    }

    @Property(tries = 500)
    void everyAnswerFollowsItsSchemaAndComesInPieces(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 60) int more,
            @ForAll @IntRange(max = 20) int temperature,
            @ForAll boolean penalties) {
        JsonNode schema = RandomSchemas.of(seed);
        StringBuilder pieces = new StringBuilder();
        ChatRequest.Builder request = ChatRequest.answer()
                .message("user", "Hi")
                .format(JsonFormat.schema(schema))
                .temperature(temperature / 2.0)
                .topP(penalties ? 0.5 : 1)
                .topK(penalties ? 3 : 0)
                .penalties(penalties ? 2 : 1, penalties ? 1.5 : 0, 0)
                .logprobs(penalties ? 2 : -1)
                .seed(seed)
                .maximumTokens(300 + more);
        Completion completion = model.answer(request.build(), piece -> pieces.append(piece.text()) != null);
        Completion.Choice choice = completion.choices().get(0);
        assertEquals(choice.text(), pieces.toString());
        assertEquals(FinishReason.STOP, choice.finishReason(), choice.text());
        SchemaJudge.check(schema, choice.text());
    }

    @Property(tries = 100)
    void anObjectIsClosedInTime(@ForAll long seed, @ForAll @IntRange(min = 2, max = 100) int tokens) {
        ChatRequest.Builder request = ChatRequest.answer()
                .message("user", "Hi")
                .format(JsonFormat.object())
                .temperature(1)
                .choices(2)
                .seed(seed)
                .maximumTokens(tokens);
        for (Completion.Choice choice :
                model.answer(request.build(), piece -> true).choices()) {
            assertEquals(FinishReason.STOP, choice.finishReason());
            assertTrue(SchemaJudge.read(choice.text()).isObject());
            assertTrue(choice.tokens() <= tokens);
        }
    }

    @Example
    void anAnswerThatCannotBeWholeSaysSo() {
        JsonNode schema = JsonMapper.shared().readTree("{\"type\":\"string\",\"minLength\":100}");
        ChatRequest.Builder request = ChatRequest.answer()
                .message("user", "Hi")
                .format(JsonFormat.schema(schema))
                .maximumTokens(3);
        Completion.Choice choice =
                model.answer(request.build(), piece -> true).choices().get(0);
        assertEquals(FinishReason.LENGTH, choice.finishReason());
        assertEquals(3, choice.tokens());
    }
}
