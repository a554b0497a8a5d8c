package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.tokenizer.ChatTemplate.Sample;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Conversations as ids and masks, judged by transformers and TRL; see scripts/golden/foreign.py. */
class ChatTemplateGoldenTest {

    private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 26, 12, 0);

    private static JsonNode cases(String kind) {
        return JsonMapper.shared()
                .readTree(ForeignTokenizerTest.GOLDEN.resolve(kind).resolve("cases.json"));
    }

    private static List<ChatMessage> messages(JsonNode messages) {
        return StreamSupport.stream(messages.spliterator(), false)
                .map(ChatTemplateGoldenTest::message)
                .toList();
    }

    private static ChatMessage message(JsonNode message) {
        Map<String, Object> fields = new LinkedHashMap<>(
                JsonMapper.shared().convertValue(message, new TypeReference<Map<String, Object>>() {}));
        Object role = fields.remove("role");
        Object content = fields.remove("content");
        return new ChatMessage((String) role, (String) content, fields);
    }

    private static int[] mask(Sample sample) {
        return IntStream.range(0, sample.ids().length)
                .map(token -> sample.learned().get(token) ? 1 : 0)
                .toArray();
    }

    private static Sample only(List<Sample> samples) {
        assertEquals(1, samples.size());
        return samples.get(0);
    }

    /** Of the six conversations, the masks are those that TRL makes; where one sample cannot be, see below. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen", "llama3", "llama2", "metaspace"})
    void idsAndMasksOfSixConversationsAreThoseOfTheirLibraries(String kind) {
        ChatTemplate template = new ChatTemplate(ForeignTokenizerTest.TOKENIZERS.get(kind));
        int compared = 0;
        for (JsonNode example : cases(kind).path("conversations")) {
            List<ChatMessage> messages = messages(example.path("messages"));
            String text = example.path("messages").toString();
            assertArrayEquals(
                    ForeignTokenizerTest.ids(example.path("prompt")),
                    template.prompt(messages.subList(0, messages.size() - 1), NOW),
                    text);
            if (example.path("mask").isNull()) {
                continue;
            }
            Sample sample = only(template.samples(messages, List.of(), index -> true));
            assertArrayEquals(ForeignTokenizerTest.ids(example.path("ids")), sample.ids(), text);
            assertArrayEquals(ForeignTokenizerTest.ids(example.path("mask")), mask(sample), text);
            compared++;
        }
        assertEquals(kind.equals("qwen") ? 5 : 6, compared);
    }

    @Test
    void callsOfToolsAreWrittenByTheTemplate() {
        JsonNode example = cases("qwen").path("called");
        List<?> tools = JsonMapper.shared().convertValue(example.path("tools"), List.class);
        ChatTemplate template = new ChatTemplate(ForeignTokenizerTest.TOKENIZERS.get("qwen"));

        Sample sample = only(template.samples(messages(example.path("messages")), tools, index -> true));

        assertArrayEquals(ForeignTokenizerTest.ids(example.path("ids")), sample.ids());
    }

    /** A template that drops earlier thoughts: each answer is learned after the text that the model would see. */
    @Test
    void whereEarlierTextChangesEachAnswerIsASample() {
        Tokenizer qwen = ForeignTokenizerTest.TOKENIZERS.get("qwen");
        List<ChatMessage> messages =
                messages(cases("qwen").path("conversations").path(3).path("messages"));

        List<Sample> samples = new ChatTemplate(qwen).samples(messages, List.of(), index -> true);

        assertEquals(2, samples.size());
        assertEquals("<think>\nhm\n</think>\n\nA1<|im_end|>\n", learned(qwen, samples.get(0)));
        assertEquals("<think>\nmore\n</think>\n\nA2<|im_end|>\n", learned(qwen, samples.get(1)));
        String second = qwen.decode(samples.get(1).ids());
        assertFalse(second.contains("hm"), second);
        assertTrue(second.startsWith("<|im_start|>user\nq1<|im_end|>\n<|im_start|>assistant\nA1"), second);
        List<Sample> one = new ChatTemplate(qwen).samples(messages, List.of(), index -> index > 1);
        assertEquals(1, one.size(), "an answer of weight 0 is no sample");
    }

    @Test
    void anAnswerOfWeightZeroIsReadButNotLearned() {
        for (String kind : List.of("llama3", "metaspace")) {
            Tokenizer tokenizer = ForeignTokenizerTest.TOKENIZERS.get(kind);
            List<ChatMessage> messages =
                    messages(cases(kind).path("conversations").path(1).path("messages"));
            Sample sample = only(new ChatTemplate(tokenizer).samples(messages, List.of(), index -> index > 2));
            assertTrue(tokenizer.decode(sample.ids()).contains("It is 4."));
            assertEquals("6", learned(tokenizer, sample).strip().substring(0, 1), kind);
        }
    }

    private static String learned(Tokenizer tokenizer, Sample sample) {
        return tokenizer.decode(
                sample.learned().stream().map(token -> sample.ids()[token]).toArray());
    }

    /** Whoever writes a special token into a message writes text. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen", "llama3", "llama2", "metaspace"})
    void aSpecialTokenInAMessageIsText(String kind) {
        Tokenizer tokenizer = ForeignTokenizerTest.TOKENIZERS.get(kind);
        ChatTemplate template = new ChatTemplate(tokenizer);
        int[] plain = template.prompt(List.of(new ChatMessage("user", "x")), NOW);
        for (String special : tokenizer.specials()) {
            String content = "a" + special + "b " + special + special + "\ufdd0";
            int[] ids = template.prompt(List.of(new ChatMessage("user", content)), NOW);
            assertEquals(specials(tokenizer, plain), specials(tokenizer, ids), special);
            assertTrue(tokenizer.decode(ids).contains(content), special);
        }
    }

    private static long specials(Tokenizer tokenizer, int[] ids) {
        int[] lengths = tokenizer.textLengths();
        return IntStream.of(ids).filter(id -> lengths[id] == 0).count();
    }

    @Test
    void whatATemplateRefusesIsSaidInItsWords() {
        ChatTemplate llama2 = new ChatTemplate(ForeignTokenizerTest.TOKENIZERS.get("llama2"));
        ChatMessage user = new ChatMessage("user", "a");

        assertEquals(
                "The chat template refuses the conversation: Conversation roles must alternate"
                        + " user/assistant/user/assistant/...",
                assertThrows(ChatTemplateException.class, () -> llama2.prompt(List.of(user, user), NOW))
                        .getMessage());
    }

    /** Published templates and conversations, which are not part of the project: read where they lie. */
    @Test
    void publishedTokenizersGiveTheIdsOfTransformers() {
        String folder = System.getProperty("perdure.published");
        org.junit.jupiter.api.Assumptions.assumeTrue(folder != null, "no published tokenizers");
        int compared = 0;
        for (JsonNode example : JsonMapper.shared().readTree(Path.of(folder, "cases.json"))) {
            try (Tokenizer tokenizer =
                    Tokenizer.read(Path.of(folder, example.path("name").asString()))) {
                ChatTemplate template = new ChatTemplate(tokenizer);
                for (JsonNode each : example.path("conversations")) {
                    assertArrayEquals(
                            ForeignTokenizerTest.ids(each.path("ids")),
                            template.prompt(messages(each.path("messages")), NOW),
                            each.path("messages").toString());
                    compared++;
                }
                for (JsonNode each : example.path("texts")) {
                    int[] ids = ForeignTokenizerTest.ids(each.path("ids"));
                    assertArrayEquals(ids, tokenizer.encode(each.path("text").asString()));
                    assertEquals(each.path("decoded").asString(), tokenizer.decode(ids));
                    compared++;
                }
            }
        }
        assertTrue(compared > 100, compared + " cases");
    }
}
