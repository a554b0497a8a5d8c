package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Agreement with Hugging Face's Python libraries, on values that {@code scripts/golden/tokenizer.py} made. */
class TokenizerGoldenTest {

    private static final Path FOLDER = Path.of("src/test/resources/golden/tokenizer");

    private static JsonNode golden;
    private static Tokenizer tokenizer;

    @BeforeAll
    static void train() throws IOException {
        golden = JsonMapper.shared().readTree(Files.readString(FOLDER.resolve("cases.json")));
        String sample = Files.readString(FOLDER.resolve("sample.txt"));
        tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(
                List.of(sample), golden.path("vocabulary").asInt()));
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    @Test
    void learnsTheMergesOfTheirTrainer() {
        JsonNode merges = JsonMapper.shared().readTree(tokenizer.json()).at("/model/merges");

        assertEquals(golden.path("merges"), merges);
        assertEquals(golden.path("size").asInt(), tokenizer.vocabularySize());
    }

    @Test
    void encodesVariedTextToTheirIds() {
        for (JsonNode example : golden.path("texts")) {
            String text = example.path("text").asString();
            assertArrayEquals(ids(example.path("ids")), tokenizer.encode(text), text);
            assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
        }
    }

    @Test
    void encodesMessagesAsTheirChatTemplateDoes() {
        ChatTemplate template = new ChatTemplate(tokenizer);
        List<ChatMessage> messages = messages(golden.path("messages"));

        assertArrayEquals(
                ids(golden.path("conversation")),
                template.samples(messages, List.of(), index -> true).get(0).ids());
        assertArrayEquals(ids(golden.path("prompt")), template.prompt(messages.subList(0, 2), LocalDateTime.now()));
        assertEquals(golden.path("end").asInt(), tokenizer.imEnd());
    }

    private static List<ChatMessage> messages(JsonNode messages) {
        return StreamSupport.stream(messages.spliterator(), false)
                .map(message -> new ChatMessage(
                        message.path("role").asString(), message.path("content").asString()))
                .toList();
    }

    /** Of every message that the assistant says, the content and the end token count, as their masks say. */
    @Test
    void countsTheTokensOfTheAssistantThatTheirChatTemplateMarks() {
        ChatTemplate template = new ChatTemplate(tokenizer);
        for (JsonNode example : golden.path("masked")) {
            List<ChatTemplate.Sample> samples =
                    template.samples(messages(example.path("messages")), List.of(), index -> true);
            String messages = example.path("messages").toString();
            assertEquals(1, samples.size());
            int[] ids = samples.get(0).ids();
            assertArrayEquals(ids(example.path("ids")), ids, messages);
            assertArrayEquals(
                    ids(example.path("mask")),
                    IntStream.range(0, ids.length)
                            .map(token -> samples.get(0).learned().get(token) ? 1 : 0)
                            .toArray(),
                    messages);
        }
        assertEquals(6, golden.path("masked").size());
    }

    @Test
    void writesTheFilesThatTheyRead(@TempDir Path folder) throws IOException {
        tokenizer.write(folder, 128);

        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")) {
            assertEquals(Files.readString(FOLDER.resolve(name)), Files.readString(folder.resolve(name)), name);
        }
    }

    private static int[] ids(JsonNode ids) {
        return StreamSupport.stream(ids.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
