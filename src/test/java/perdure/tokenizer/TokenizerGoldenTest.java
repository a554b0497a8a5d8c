package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        List<int[]> messages = StreamSupport.stream(golden.path("messages").spliterator(), false)
                .map(message -> tokenizer.encode(new ChatMessage(
                        message.path("role").asString(), message.path("content").asString())))
                .toList();
        List<int[]> prompt = new ArrayList<>(messages.subList(0, 2));
        prompt.add(new int[] {tokenizer.imStart()});
        prompt.add(tokenizer.encode("assistant\n"));

        assertArrayEquals(ids(golden.path("conversation")), joined(messages));
        assertArrayEquals(ids(golden.path("prompt")), joined(prompt));
        assertEquals(golden.path("end").asInt(), tokenizer.imEnd());
    }

    /** Of every message that the assistant says, the content and the end token count, as their masks say. */
    @Test
    void countsTheTokensOfTheAssistantThatTheirChatTemplateMarks() {
        for (JsonNode example : golden.path("masked")) {
            List<Integer> ids = new ArrayList<>();
            List<Integer> mask = new ArrayList<>();
            for (JsonNode message : example.path("messages")) {
                String role = message.path("role").asString();
                int[] encoded = tokenizer.encode(
                        new ChatMessage(role, message.path("content").asString()));
                int from = tokenizer.contentStart(role, encoded);
                int to = encoded.length - tokenizer.afterMessage().length;
                for (int i = 0; i < encoded.length; i++) {
                    ids.add(encoded[i]);
                    mask.add(role.equals(ChatMessage.ASSISTANT) && i >= from && i < to ? 1 : 0);
                }
            }
            String messages = example.path("messages").toString();
            assertEquals(boxed(example.path("ids")), ids, messages);
            assertEquals(boxed(example.path("mask")), mask, messages);
        }
        assertEquals(6, golden.path("masked").size());
    }

    private static List<Integer> boxed(JsonNode numbers) {
        return IntStream.of(ids(numbers)).boxed().toList();
    }

    @Test
    void writesTheFilesThatTheyRead(@TempDir Path folder) throws IOException {
        tokenizer.write(folder, 128);

        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")) {
            assertEquals(Files.readString(FOLDER.resolve(name)), Files.readString(folder.resolve(name)), name);
        }
    }

    private static int[] joined(List<int[]> parts) {
        return parts.stream().flatMapToInt(IntStream::of).toArray();
    }

    private static int[] ids(JsonNode ids) {
        return StreamSupport.stream(ids.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
