package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.chat.Completion.TokenScore;
import perdure.chat.constraint.JsonFormat;
import perdure.device.NativeRuntime;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.model.TestConfigs;
import perdure.tokenizer.Tokenizer;

/** A model of random weights that has more rows than its tokenizer has ids, with the tokenizers of other makers. */
class ForeignChatTest {

    private static final Path GOLDEN = Path.of("src", "test", "resources", "golden", "foreign");

    @BeforeAll
    static void load() {
        NativeRuntime.load();
    }

    private interface Talk {
        void with(ChatModel chat, Tokenizer tokenizer);
    }

    private static void talk(Path folder, int rows, Talk talk) {
        try (Tokenizer tokenizer = Tokenizer.read(folder);
                LanguageModel model = new LanguageModel(TestConfigs.BYTES.withVocabularySize(rows), 1);
                TokenGenerator generator = new TokenGenerator(model)) {
            model.train(false);
            talk.with(new ChatModel(generator, tokenizer), tokenizer);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen", "llama3", "llama2", "metaspace"})
    void rowsWithoutATokenAreNeverSampled(String kind) {
        talk(GOLDEN.resolve(kind), 2_000, (chat, tokenizer) -> {
            ChatRequest.Builder request =
                    ChatRequest.answer().message("user", "Hi there.").temperature(100);
            for (int seed = 0; seed < 4; seed++) {
                Completion answer = chat.answer(request.seed(seed).logprobs(5).build(), piece -> true);
                for (TokenScore score : answer.choices().get(0).scores()) {
                    assertTrue(score.bytes().length > 0, "a row of the model, or a gap");
                    assertTrue(score.likeliest().stream().allMatch(other -> other.bytes().length > 0));
                }
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen", "llama3", "llama2", "metaspace"})
    void theStreamedAnswerIsTheWholeOne(String kind) {
        talk(GOLDEN.resolve(kind), 500, (chat, tokenizer) -> {
            StringBuilder streamed = new StringBuilder();
            Completion answer = chat.answer(
                    ChatRequest.answer()
                            .message("user", "Hi there.")
                            .temperature(1)
                            .seed(3)
                            .build(),
                    piece -> {
                        streamed.append(piece.text());
                        return true;
                    });
            assertEquals(answer.choices().get(0).text(), streamed.toString());
            assertFalse(streamed.isEmpty());
        });
    }

    @Test
    void anAnswerInAFormatParses() {
        talk(GOLDEN.resolve("llama2"), 500, (chat, tokenizer) -> {
            Completion answer = chat.answer(
                    ChatRequest.answer()
                            .message("user", "Hi")
                            .format(JsonFormat.object())
                            .build(),
                    piece -> true);
            assertTrue(answer.choices().get(0).text().startsWith("{"), answer.toString());
        });
    }

    @Test
    void aTextBeginsAsTheTokenizerHasItBegin() {
        talk(GOLDEN.resolve("llama2"), 500, (chat, tokenizer) -> {
            int prompt = chat.answer(
                            ChatRequest.completion("The boat").maximumTokens(1).build(), piece -> true)
                    .promptTokens();
            assertEquals(1 + tokenizer.encode("The boat").length, prompt);
        });
    }

    @Test
    void whatTheTemplateRefusesIsToldInItsWords() {
        talk(GOLDEN.resolve("llama2"), 500, (chat, tokenizer) -> {
            ChatRequest twice = ChatRequest.answer()
                    .message("user", "a")
                    .message("user", "b")
                    .build();
            assertTrue(assertThrows(ConversationRefusedException.class, () -> chat.answer(twice, piece -> true))
                    .getMessage()
                    .endsWith("Conversation roles must alternate user/assistant/user/assistant/..."));
        });
    }

    @Test
    void aModelWithoutAChatTemplateContinuesTexts(@TempDir Path folder) throws IOException {
        Files.copy(GOLDEN.resolve("llama3").resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\":\"<|eot_id|>\"}");
        talk(folder, 500, (chat, tokenizer) -> {
            assertFalse(tokenizer.chats());
            assertEquals(
                    3,
                    chat.answer(ChatRequest.completion("a").maximumTokens(3).build(), piece -> true)
                            .completionTokens());
            ChatRequest question = ChatRequest.answer().message("user", "a").build();
            assertEquals(
                    "The model has no chat template: it can continue a text, but not converse.",
                    assertThrows(ConversationRefusedException.class, () -> chat.answer(question, piece -> true))
                            .getMessage());
        });
    }

    @Test
    void aModelWithTooFewRowsIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> talk(GOLDEN.resolve("qwen"), 300, (chat, tokenizer) -> {}));
    }
}
