package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import perdure.server.SavedModel;
import perdure.server.ServerTest;
import perdure.tokenizer.Tokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

@Timeout(180)
class CompletionTest extends ServerTest {

    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "\"model\":\"perdure\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";

    @Test
    void answersInOpenAisShape() throws Exception {
        SavedModel.commit(folder);
        HttpResponse<String> answer = run.answer(CHAT, "{" + HELLO + ",\"max_tokens\":12}");
        assertEquals(200, answer.statusCode(), answer.body());
        JsonNode body = JsonMapper.shared().readTree(answer.body());
        assertEquals("chat.completion", body.get("object").asString());
        assertEquals("perdure", body.get("model").asString());
        JsonNode choice = body.get("choices").get(0);
        assertEquals("assistant", choice.get("message").get("role").asString());
        assertEquals(12, choice.get("message").get("content").asString().length());
        assertEquals("length", choice.get("finish_reason").asString());
        assertEquals(12, body.get("usage").get("completion_tokens").asInt());
        assertEquals("step-0000000003", body.get("system_fingerprint").asString());
        assertEquals(2.31, body.get("checkpoint").get("loss").asDouble());
    }

    /** A chat template may refuse a conversation, and may be missing: that is the request's fault, not the server's. */
    @Test
    void aConversationThatTheChatTemplateRefusesIsABadRequest() throws Exception {
        try (Tokenizer llama2 = Tokenizer.read(Path.of("src", "test", "resources", "golden", "foreign", "llama2"))) {
            SavedModel.commit(folder, 3, List.of(0L), llama2);
        }
        String user = "{\"role\":\"user\",\"content\":\"a\"}";
        HttpResponse<String> refused =
                run.answer(CHAT, "{\"model\":\"perdure\",\"messages\":[" + user + "," + user + "]}");
        assertEquals(400, refused.statusCode(), refused.body());
        JsonNode error = JsonMapper.shared().readTree(refused.body()).get("error");
        assertEquals("invalid_request_error", error.get("type").asString());
        assertEquals("messages", error.get("param").asString());
        assertEquals(
                "The chat template refuses the conversation: Conversation roles must alternate"
                        + " user/assistant/user/assistant/...",
                error.get("message").asString());
        HttpResponse<String> answered =
                run.answer(CHAT, "{\"model\":\"perdure\",\"messages\":[" + user + "],\"max_tokens\":3}");
        assertEquals(200, answered.statusCode(), answered.body());
    }

    @Test
    void streamsWhatItWouldAnswerWhole() throws Exception {
        SavedModel.commit(folder);
        String whole =
                text(run.answer(CHAT, "{" + HELLO + ",\"max_tokens\":30}").body());
        HttpResponse<String> streamed = run.answer(
                CHAT, "{" + HELLO + ",\"max_tokens\":30,\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
        assertEquals(
                "text/event-stream; charset=UTF-8",
                streamed.headers().firstValue("Content-Type").orElseThrow());
        assertEquals("no", streamed.headers().firstValue("X-Accel-Buffering").orElseThrow());
        List<String> data = streamed.body()
                .lines()
                .filter(line -> !line.isEmpty())
                .map(CompletionTest::dataOf)
                .toList();
        assertEquals("[DONE]", data.get(data.size() - 1));
        List<JsonNode> chunks = data.subList(0, data.size() - 1).stream()
                .map(chunk -> JsonMapper.shared().readTree(chunk))
                .toList();
        assertEquals(1 + 30 + 1 + 1, chunks.size());
        assertEquals(
                whole,
                chunks.stream()
                        .flatMap(chunk -> chunk.get("choices").values().stream())
                        .map(choice -> choice.get("delta").path("content").asString(""))
                        .collect(Collectors.joining()));
        JsonNode ending = chunks.get(chunks.size() - 2);
        assertEquals("length", ending.get("choices").get(0).get("finish_reason").asString());
        assertEquals(
                30,
                chunks.get(chunks.size() - 1)
                        .get("usage")
                        .get("completion_tokens")
                        .asInt());
    }

    /** As strict parsers read it: the space is there. */
    private static String dataOf(String line) {
        assertTrue(line.startsWith("data: "), line);
        return line.substring("data: ".length());
    }

    @Test
    void carriesATextOn() throws Exception {
        SavedModel.commit(folder);
        HttpResponse<String> answer =
                run.answer("/v1/completions", "{\"model\":\"perdure\",\"prompt\":\"Once\",\"temperature\":0}");
        JsonNode body = JsonMapper.shared().readTree(answer.body());
        assertEquals("text_completion", body.get("object").asString());
        assertEquals(16, body.get("choices").get(0).get("text").asString().length());
    }

    @Test
    void aStopStringEndsTheAnswerAndIsNotPartOfIt() throws Exception {
        SavedModel.commit(folder);
        String whole =
                text(run.answer(CHAT, "{" + HELLO + ",\"max_tokens\":30}").body());
        String stop = whole.substring(4, 7);
        String asked = JsonMapper.shared().writeValueAsString(stop);
        JsonNode body = JsonMapper.shared()
                .readTree(run.answer(CHAT, "{" + HELLO + ",\"max_tokens\":30,\"stop\":" + asked + "}")
                        .body());
        assertEquals(whole.substring(0, whole.indexOf(stop)), text(body.toString()));
        assertEquals("stop", body.get("choices").get(0).get("finish_reason").asString());
    }

    @Test
    void equalSeedsGiveEqualAnswers() throws Exception {
        SavedModel.commit(folder);
        String hot = HELLO.replace("\"temperature\":0", "\"temperature\":1,\"top_k\":40");
        String first = text(
                run.answer(CHAT, "{" + hot + ",\"max_tokens\":40,\"seed\":7}").body());
        assertEquals(
                first,
                text(run.answer(CHAT, "{" + hot + ",\"max_tokens\":40,\"seed\":7}")
                        .body()));
        assertNotEquals(
                first,
                text(run.answer(CHAT, "{" + hot + ",\"max_tokens\":40,\"seed\":8}")
                        .body()));
        assertNotEquals(
                first, text(run.answer(CHAT, "{" + hot + ",\"max_tokens\":40}").body()));
    }

    @Test
    void answers503BeforeTheFirstCheckpoint() throws Exception {
        for (String stream : List.of("", ",\"stream\":true")) {
            HttpResponse<String> answer = run.answer(CHAT, "{" + HELLO + stream + "}");
            assertEquals(503, answer.statusCode());
            assertTrue(answer.headers().firstValue("Retry-After").isPresent());
            assertTrue(answer.body().contains("\"type\":\"server_error\""), answer.body());
        }
    }

    @Test
    void whatDoesNotFitTheContextIsToldAndNeverCutSilently() throws Exception {
        SavedModel.commit(folder);
        String long1 = message("user", "x".repeat(SavedModel.CONTEXT)) + "," + message("assistant", "a") + ",";
        String body = "{\"model\":\"perdure\",\"max_tokens\":3,\"messages\":[" + message("system", "Be brief.") + ","
                + long1 + message("user", "Hello") + "]";
        for (String stream : List.of("", ",\"stream\":true")) {
            HttpResponse<String> refused = run.answer(CHAT, body + stream + "}");
            assertEquals(400, refused.statusCode(), refused.body());
            JsonNode error = JsonMapper.shared().readTree(refused.body()).get("error");
            assertEquals("context_length_exceeded", error.get("code").asString());
            assertEquals("messages", error.get("param").asString());
            assertTrue(error.get("message").asString().contains("maximum context length is " + SavedModel.CONTEXT));

            HttpResponse<String> cut = run.answer(CHAT, body + stream + ",\"truncation\":\"auto\"}");
            assertEquals(200, cut.statusCode(), cut.body());
            assertTrue(cut.body().contains("\"truncated\":{\"messages\":2,\"tokens\":"), cut.body());
        }
        String last = "{\"model\":\"perdure\",\"truncation\":\"auto\",\"messages\":["
                + message("user", "x".repeat(SavedModel.CONTEXT)) + "]}";
        String told = run.answer(CHAT, last).body();
        assertTrue(told.contains("the last message") && !told.contains("truncation"), told);
        String whole = run.answer(CHAT, "{" + HELLO + ",\"max_tokens\":2,\"truncation\":\"auto\"}")
                .body();
        assertFalse(whole.contains("truncated"), whole);
    }

    private static String message(String role, String content) {
        return "{\"role\":\"" + role + "\",\"content\":\"" + content + "\"}";
    }

    @Test
    void severalChoicesHaveTheirIndexesWholeAndStreamed() throws Exception {
        SavedModel.commit(folder);
        String hot = HELLO.replace("\"temperature\":0", "\"temperature\":1,\"top_k\":40,\"seed\":7,\"max_tokens\":9");
        JsonNode single =
                JsonMapper.shared().readTree(run.answer(CHAT, "{" + hot + "}").body());
        JsonNode whole = JsonMapper.shared()
                .readTree(run.answer(CHAT, "{" + hot + ",\"n\":3}").body());
        assertEquals(27, whole.get("usage").get("completion_tokens").asInt());
        assertEquals(single.get("choices").get(0), whole.get("choices").get(0));
        Map<Integer, String> texts = new TreeMap<>();
        Map<Integer, String> finishes = new TreeMap<>();
        for (JsonNode chunk : chunks(run.answer(CHAT, "{" + hot + ",\"n\":3,\"stream\":true}"))) {
            JsonNode choice = chunk.get("choices").get(0);
            int index = choice.get("index").asInt();
            texts.merge(index, choice.get("delta").path("content").asString(""), String::concat);
            finishes.put(index, choice.get("finish_reason").asString("none"));
        }
        for (int index = 0; index < 3; index++) {
            JsonNode choice = whole.get("choices").get(index);
            assertEquals(index, choice.get("index").asInt());
            assertEquals(choice.get("message").get("content").asString(), texts.get(index));
            assertEquals("length", finishes.get(index));
        }
        assertEquals(3, texts.values().stream().distinct().count());
    }

    @Test
    void logProbabilitiesComeWithTheirTokensWholeAndStreamed() throws Exception {
        SavedModel.commit(folder);
        String asked = HELLO + ",\"max_tokens\":9,\"logprobs\":true,\"top_logprobs\":2";
        JsonNode choice = JsonMapper.shared()
                .readTree(run.answer(CHAT, "{" + asked + "}").body())
                .get("choices")
                .get(0);
        JsonNode tokens = choice.get("logprobs").get("content");
        assertEquals(9, tokens.size());
        StringBuilder text = new StringBuilder();
        for (JsonNode token : tokens) {
            text.append((char) token.get("bytes").get(0).asInt());
            assertEquals(2, token.get("top_logprobs").size());
            assertEquals(token.get("token"), token.get("top_logprobs").get(0).get("token"), "greedy");
            assertTrue(token.get("logprob").asDouble() < 0);
        }
        assertEquals(choice.get("message").get("content").asString(), text.toString());
        ArrayNode streamed = JsonMapper.shared().createArrayNode();
        chunks(run.answer(CHAT, "{" + asked + ",\"stream\":true}")).forEach(chunk -> chunk.get("choices")
                .get(0)
                .path("logprobs")
                .path("content")
                .forEach(streamed::add));
        assertEquals(tokens, streamed);
    }

    @Test
    void carriesSeveralTextsOn() throws Exception {
        SavedModel.commit(folder);
        String asked = "{\"model\":\"perdure\",\"temperature\":1,\"top_k\":40,\"seed\":3,\"max_tokens\":5,";
        JsonNode both = JsonMapper.shared()
                .readTree(run.answer("/v1/completions", asked + "\"prompt\":[\"Once\",\"Twice upon\"],\"n\":2}")
                        .body());
        assertEquals(4, both.get("choices").size());
        int read = 0;
        for (String prompt : List.of("Once", "Twice upon")) {
            JsonNode alone = JsonMapper.shared()
                    .readTree(run.answer("/v1/completions", asked + "\"prompt\":\"" + prompt + "\",\"n\":2}")
                            .body());
            for (int i = 0; i < 2; i++) {
                JsonNode choice = both.get("choices").get(read == 0 ? i : 2 + i);
                assertEquals(alone.get("choices").get(i).get("text"), choice.get("text"));
                assertEquals(read == 0 ? i : 2 + i, choice.get("index").asInt());
            }
            read += alone.get("usage").get("prompt_tokens").asInt();
        }
        assertEquals(read, both.get("usage").get("prompt_tokens").asInt());
        for (String prompt : List.of("[]", "[1,2]", "[[1]]", "5", "null")) {
            HttpResponse<String> refused = run.answer("/v1/completions", asked + "\"prompt\":" + prompt + "}");
            assertEquals(400, refused.statusCode());
            assertTrue(refused.body().contains("\"param\":\"prompt\""), refused.body());
        }
        for (String[] best : new String[][] {{"1", "1"}, {"2", "1 or 2"}}) {
            String body = asked + "\"prompt\":\"Once\",\"n\":" + best[0] + ",\"best_of\":3}";
            String refused = run.answer("/v1/completions", body).body();
            assertTrue(refused.contains("best_of must be " + best[1] + ", since nothing else"), refused);
        }
    }

    @Test
    void textsHaveTheOlderFormOfLogProbabilities() throws Exception {
        SavedModel.commit(folder);
        JsonNode choice = JsonMapper.shared()
                .readTree(run.answer(
                                "/v1/completions",
                                "{\"model\":\"perdure\",\"prompt\":\"Once\",\"temperature\":0,\"max_tokens\":5,\"logprobs\":3}")
                        .body())
                .get("choices")
                .get(0);
        JsonNode logprobs = choice.get("logprobs");
        assertEquals("[0,1,2,3,4]", logprobs.get("text_offset").toString());
        assertEquals(5, logprobs.get("token_logprobs").size());
        assertEquals(3, logprobs.get("top_logprobs").get(4).size());
        assertEquals(
                choice.get("text").asString(),
                logprobs.get("tokens").values().stream().map(JsonNode::asString).collect(Collectors.joining()));
    }

    private static List<JsonNode> chunks(HttpResponse<String> streamed) {
        assertEquals(200, streamed.statusCode(), streamed.body());
        return streamed.body()
                .lines()
                .filter(line -> !line.isEmpty())
                .map(CompletionTest::dataOf)
                .filter(data -> !data.equals("[DONE]"))
                .map(data -> JsonMapper.shared().readTree(data))
                .toList();
    }

    private static String text(String answer) {
        JsonNode choice = JsonMapper.shared().readTree(answer).get("choices").get(0);
        return choice.get("message").get("content").asString();
    }
}
