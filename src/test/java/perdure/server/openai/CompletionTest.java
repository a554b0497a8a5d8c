package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.chat.ChatAnswer;
import perdure.chat.ChatRequest;
import perdure.server.LoggedWarnings;
import perdure.server.SavedModel;
import perdure.server.ServerTest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

@Timeout(60)
class CompletionTest extends ServerTest {

    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "\"model\":\"perdure\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";
    /** An answer that takes long: no client of a test waits for its end. */
    private static final String LONG = "{" + HELLO + ",\"max_tokens\":16000,\"stream\":true}";

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
    void answers429WhenTheQueueIsFull() throws Exception {
        SavedModel.commit(folder);
        try (Stream answered = open(LONG);
                Stream waiting = open(LONG)) {
            answered.awaitText();
            HttpResponse<String> refused = run.answer(CHAT, LONG);
            for (int attempt = 0; attempt < 100 && refused.statusCode() == 200; attempt++) {
                refused = run.answer(CHAT, LONG);
            }
            assertEquals(429, refused.statusCode(), refused.body());
            assertTrue(refused.headers().firstValue("Retry-After").isPresent());
            assertTrue(refused.body().contains("rate_limit_error"), refused.body());
            assertFalse(waiting.hasText());
        }
    }

    @Test
    void aClientThatGoesAwayEndsItsAnswerWaitingOrStreamedOrNot() throws Exception {
        SavedModel.commit(folder);
        try (Stream answered = open(LONG)) {
            answered.awaitText();
            open(LONG).close();
            awaitCancelled(1);
        }
        awaitCancelled(2);
        open(LONG.replace(",\"stream\":true", "")).close();
        awaitCancelled(3);
        // One generation thread: this is answered only if the answers before it have ended.
        assertEquals(200, run.answer(CHAT, "{" + HELLO + ",\"max_tokens\":1}").statusCode());
        String metrics = run.get("/metrics").body();
        assertTrue(metrics.contains("perdure_chat_requests_total{outcome=\"answered\"} 1.0"), metrics);
        assertTrue(metrics.contains("perdure_chat_first_token_seconds_count 1"), metrics);
    }

    /** In less time than an answer takes. */
    private void awaitCancelled(int count) throws Exception {
        awaitCount("cancelled", count);
    }

    private void awaitCount(String outcome, int count) throws Exception {
        String line = "perdure_chat_requests_total{outcome=\"" + outcome + "\"} " + count + ".0\n";
        String metrics = run.get("/metrics").body();
        for (int attempt = 0; attempt < 250 && !metrics.contains(line); attempt++) {
            Thread.sleep(20);
            metrics = run.get("/metrics").body();
        }
        assertTrue(metrics.contains(line), metrics);
    }

    @Test
    void anAnswerUnderWayIsToldThatTheServerStopsAndNothingIsLogged() throws Exception {
        SavedModel.commit(folder);
        try (LoggedWarnings warnings = new LoggedWarnings();
                Stream answered = open(LONG);
                Stream waiting = open(LONG)) {
            answered.awaitText();
            run.server.close();
            String end = answered.rest();
            assertTrue(end.contains("\"message\":\"The server is stopping.\""), end);
            assertTrue(end.contains("data: [DONE]"), end);
            assertTrue(waiting.rest().startsWith("HTTP/1.1 503 "));
            assertEquals(List.of(), warnings.messages());
        }
    }

    @Test
    void anAnswerThatComesAfterTheServerIsGoneEndsInSilence() throws Exception {
        SavedModel.commit(folder);
        CountDownLatch held = new CountDownLatch(1);
        ChatRequest request = ChatRequest.completion("Hello").maximumTokens(1).build();
        CompletableFuture<ChatAnswer> holding = run.chat.submit(request, piece -> await(held));
        try (LoggedWarnings warnings = new LoggedWarnings();
                Stream one = open(LONG);
                Stream other = open(LONG)) {
            awaitCount("refused", 1); // One waits, and there is no room for the other: both have arrived.
            run.server.close();
            held.countDown();
            holding.join();
            run.chat.close();
            String said = one.rest() + other.rest();
            assertTrue(said.startsWith("HTTP/1.1 429 "), said);
            assertEquals(1, said.split("HTTP/1.1", -1).length - 1, said);
            assertEquals(List.of(), warnings.messages());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    @Test
    void keepsAConnectionForTheNextRequest() throws Exception {
        SavedModel.commit(folder);
        String body = "{" + HELLO + ",\"max_tokens\":3}";
        String request = "POST " + CHAT + " HTTP/1.1\r\nHost: 127.0.0.1:" + run.server.port() + "\r\nContent-Length: "
                + body.length() + "\r\n";
        // The second request is sent before the first is answered, the third afterwards.
        try (Socket socket = run.connect()) {
            socket.getOutputStream()
                    .write((request + "\r\n" + body + request + "\r\n" + body).getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            readUntil(in, "\"total_tokens\"");
            readUntil(in, "\"total_tokens\"");
            socket.getOutputStream()
                    .write((request + "Connection: close\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
            assertTrue(new String(in.readAllBytes(), StandardCharsets.UTF_8).contains("\"total_tokens\""));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {                                                   |        | well-formed
            [1]                                                 |        | JSON object
            {} {}                                               |        | well-formed
            {"model":"perdure","model":"perdure","messages":[]} |        | well-formed
            {"messages":[]}                                     | model  | model must be given
            {"model":5,"messages":[]}                           | model  | a string
            {"model":"perdure"}                                 | messages | at least one
            {"model":"perdure","messages":[]}                   | messages | at least one
            {"model":"perdure","messages":"Hello"}              | messages | an array
            {"model":"perdure","messages":[{"role":"robot","content":"x"}]}    | messages[0].role | system, developer, user, assistant or tool
            {"model":"perdure","messages":[{"role":"user"}]}    | messages[0].content | must be given
            {"model":"perdure","messages":[{"role":"user","content":7}]}       | messages[0].content | a string
            {"model":"perdure","messages":[{"role":"user","content":[{"type":"image_url"}]}]} | messages[0].content[0].type | text
            {"model":"perdure","messages":[{"role":"user","content":"x","more":1}]} | messages[0].more | Unknown field
            {HELLO,"temperature":-1}                            | temperature | from 0 to 100
            {HELLO,"temperature":"hot"}                         | temperature | a number
            {HELLO,"temperature":1e999}                         | temperature | a number
            {HELLO,"temperature":1e1000000000}                  | temperature | a number
            {HELLO,"top_p":0}                                   | top_p  | above 0
            {HELLO,"top_p":1e-999}                              | top_p  | above 0
            {HELLO,"top_p":1.5}                                 | top_p  | at most 1
            {HELLO,"top_k":-2}                                  | top_k  | from -1
            {HELLO,"repetition_penalty":1e-300}                 | repetition_penalty | from 0.01 to 100
            {HELLO,"repetition_penalty":1e-40}                  | repetition_penalty | from 0.01 to 100
            {HELLO,"repetition_penalty":1e300}                  | repetition_penalty | from 0.01 to 100
            {HELLO,"presence_penalty":2.1}                      | presence_penalty | from -2 to 2
            {HELLO,"frequency_penalty":-1e999}                  | frequency_penalty | from -2 to 2
            {HELLO,"max_tokens":0}                              | max_tokens | as many as fit
            {HELLO,"max_tokens":-2}                             | max_tokens | whole number
            {HELLO,"max_completion_tokens":"5"}                 | max_completion_tokens | whole number
            {HELLO,"max_tokens":1.5}                            | max_tokens | whole number
            {HELLO,"max_tokens":1e300}                          | max_tokens | whole number
            {HELLO,"seed":99999999999999999999}                 | seed   | whole number
            {HELLO,"seed":1e1000000000}                         | seed   | whole number
            {HELLO,"stop":["a","b","c","d","e"]}                | stop   | at most 4
            {HELLO,"stop":[1]}                                  | stop   | strings
            {HELLO,"stop":""}                                   | stop   | empty
            {HELLO,"stream":"yes"}                              | stream | true or false
            {HELLO,"stream_options":{"usage":true}}             | stream_options.usage | Unknown field
            {HELLO,"n":17}                                      | n      | from 1 to 16
            {HELLO,"n":0}                                       | n      | from 1 to 16
            {HELLO,"n":"1"}                                     | n      | whole number
            {HELLO,"logprobs":2}                                | logprobs | true or false
            {HELLO,"logprobs":true,"top_logprobs":21}           | top_logprobs | from 0 to 20
            {HELLO,"top_logprobs":2}                            | top_logprobs | logprobs is true
            {HELLO,"truncation":"middle"}                       | truncation | disabled
            {HELLO,"tools":[{"type":"function"}]}               | tools  | nothing else
            {HELLO,"tool_choice":"required"}                    | tool_choice | nothing else
            {HELLO,"min_p":0.05}                                | min_p  | nothing else
            {HELLO,"logit_bias":{"5":1}}                        | logit_bias | nothing else
            {HELLO,"frobnicate":1}                              | frobnicate | Unknown field: frobnicate.
            {HELLO,"temprature":1}                              | temprature | Did you mean temperature?
            {HELLO,"max_token":1}                               | max_token | Did you mean max_tokens?
            """)
    void refusesWhatIsNotARequest(String body, String parameter, String message) throws Exception {
        String cold = HELLO.replace(",\"temperature\":0", "");
        HttpResponse<String> answer = run.answer(CHAT, body.replace("HELLO", cold));
        assertEquals(400, answer.statusCode(), answer.body());
        JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
        assertTrue(error.get("message").asString().contains(message), answer.body());
        assertEquals("invalid_request_error", error.get("type").asString());
        assertEquals(
                parameter,
                error.get("param").isNull() ? null : error.get("param").asString());
    }

    /** Some clients send every field that they know, and give an answer back as they have it. */
    @Test
    void aFieldThatIsNullIsAsGoodAsAbsent() throws Exception {
        SavedModel.commit(folder);
        String body = "{\"model\":\"perdure\",\"max_tokens\":2,\"tool_choice\":null,\"frobnicate\":null,\"messages\":["
                + "{\"role\":\"user\",\"content\":\"Hello\"},"
                + "{\"role\":\"assistant\",\"content\":\"Hi\",\"annotations\":null,\"audio\":null,\"tool_calls\":null},"
                + "{\"role\":\"user\",\"content\":\"Hello\",\"name\":null}]}";
        HttpResponse<String> answer = run.answer(CHAT, body);
        assertEquals(200, answer.statusCode(), answer.body());
    }

    /** Fields that real clients send and that ask for nothing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"tool_choice\":\"none\"",
                "\"tool_choice\":\"auto\",\"tools\":[]",
                "\"function_call\":\"none\",\"functions\":[]",
                "\"parallel_tool_calls\":false",
                "\"parallel_tool_calls\":true",
                "\"logprobs\":false,\"top_logprobs\":0",
                "\"top_logprobs\":0",
                "\"top_k\":-1",
                "\"min_p\":0.0",
                "\"n\":1.0,\"seed\":1.0",
                "\"presence_penalty\":0,\"frequency_penalty\":0.0,\"repetition_penalty\":1",
                "\"reasoning_effort\":\"low\",\"verbosity\":\"low\"",
                "\"max_tokens\":16384",
                "\"max_tokens\":-1",
                "\"max_completion_tokens\":9223372036854775807",
                "\"store\":false,\"metadata\":{\"a\":\"b\"},\"user\":\"u\",\"service_tier\":\"auto\"",
                "\"response_format\":{\"type\":\"text\"},\"modalities\":[\"text\"]",
                "\"chat_template_kwargs\":{\"enable_thinking\":false},\"cache_prompt\":true",
                "\"stop\":[],\"stream_options\":{\"include_usage\":true},\"truncation\":\"disabled\"",
                "\"temperature\":1e-300",
                "\"top_p\":1e-300,\"temperature\":2",
            })
    void acceptsWhatAsksForNothing(String field) throws Exception {
        SavedModel.commit(folder);
        String cold = HELLO.replace(",\"temperature\":0", "");
        String end = field.contains("max_") ? "\"stop\":\"a\"" : "\"max_tokens\":2";
        HttpResponse<String> answer = run.answer(CHAT, "{" + cold + "," + end + "," + field + "}");
        assertEquals(200, answer.statusCode(), answer.body());
    }

    @Test
    void acceptsWhatClientsAddToMessages() throws Exception {
        SavedModel.commit(folder);
        String body = "{\"model\":\"perdure\",\"max_tokens\":2,\"messages\":["
                + "{\"role\":\"developer\",\"content\":\"Be brief.\",\"name\":\"me\",\"id\":7},"
                + "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\",\"cache_control\":{\"type\":\"ephemeral\"}}]},"
                + "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"No.\",\"annotations\":[]},"
                + "{\"role\":\"user\",\"content\":\"Hello\"}]}";
        HttpResponse<String> answer = run.answer(CHAT, body);
        assertEquals(200, answer.statusCode(), answer.body());
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

    private static void readUntil(InputStream in, String text) throws Exception {
        StringBuilder seen = new StringBuilder();
        while (seen.indexOf(text) < 0) {
            int next = in.read();
            assertTrue(next >= 0, "ended after " + seen);
            seen.append((char) next);
        }
    }

    private Stream open(String body) throws Exception {
        return new Stream(run.connect(), body);
    }

    /** A client with the connection in its own hands. */
    private final class Stream implements AutoCloseable {

        private final Socket socket;

        Stream(Socket socket, String body) throws Exception {
            this.socket = socket;
            String head = "POST " + CHAT + " HTTP/1.1\r\nHost: 127.0.0.1:" + run.server.port() + "\r\nContent-Length: "
                    + body.length() + "\r\n\r\n";
            socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
        }

        void awaitText() throws Exception {
            readUntil(socket.getInputStream(), "\"content\":\"");
        }

        /** All that comes until the server closes; a connection that is cut ends as well. */
        String rest() throws Exception {
            StringBuilder rest = new StringBuilder();
            try {
                for (int next = socket.getInputStream().read();
                        next >= 0;
                        next = socket.getInputStream().read()) {
                    rest.append((char) next);
                }
            } catch (SocketTimeoutException open) {
                throw open;
            } catch (IOException cut) {
                // as good as an end
            }
            return rest.toString();
        }

        boolean hasText() throws Exception {
            return socket.getInputStream().available() > 0;
        }

        @Override
        public void close() throws Exception {
            socket.close();
        }
    }
}
