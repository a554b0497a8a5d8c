package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.server.SavedModel;
import perdure.server.ServerTest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(180)
class ResponsesTest extends ServerTest {

    private static final String ASK = "{\"model\":\"perdure\",\"temperature\":0,\"max_output_tokens\":6,";

    @BeforeEach
    void save() {
        SavedModel.commit(folder);
    }

    private JsonNode respond(String fields) throws Exception {
        HttpResponse<String> answer = run.answer("/v1/responses", ASK + fields + "}");
        assertEquals(200, answer.statusCode(), answer.body());
        return JsonMapper.shared().readTree(answer.body());
    }

    private static String text(JsonNode response) {
        return response.get("output").get(0).get("content").get(0).get("text").asString();
    }

    private static int read(JsonNode response) {
        return response.get("usage").get("input_tokens").asInt();
    }

    @Test
    void aTextIsAsGoodAsAListWithOneMessage() throws Exception {
        JsonNode response = respond("\"input\":\"Hello\"");
        assertEquals("response", response.get("object").asString());
        assertEquals("incomplete", response.get("status").asString());
        assertEquals(
                "max_output_tokens",
                response.get("incomplete_details").get("reason").asString());
        assertEquals(6, text(response).length());
        for (String input : List.of(
                "[{\"role\":\"user\",\"content\":\"Hello\"}]",
                "[{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"Hello\"}]}]")) {
            JsonNode same = respond("\"input\":" + input);
            assertEquals(text(response), text(same));
            assertEquals(response.get("usage"), same.get("usage"));
        }
    }

    @Test
    void instructionsComeFirstAndAreNotCarriedOn() throws Exception {
        JsonNode plain = respond("\"input\":\"Hello\"");
        JsonNode told = respond("\"input\":\"Hello\",\"instructions\":\"Be brief.\"");
        assertTrue(read(told) > read(plain));
        String after = ",\"input\":\"And?\"";
        assertEquals(
                read(respond("\"previous_response_id\":" + plain.get("id") + after)),
                read(respond("\"previous_response_id\":" + told.get("id") + after)));
    }

    @Test
    void goesOnFromAResponseAndFromItsMessageUnlessTheyWereNotToBeKept() throws Exception {
        JsonNode first = respond("\"input\":\"Hello\"");
        JsonNode message = first.get("output").get(0);
        String history = "{\"role\":\"user\",\"content\":\"Hello\"},%s,{\"role\":\"user\",\"content\":\"And?\"}";
        JsonNode byResponse = respond("\"input\":\"And?\",\"previous_response_id\":" + first.get("id"));
        JsonNode byReference = respond("\"input\":["
                + history.formatted("{\"type\":\"item_reference\",\"id\":" + message.get("id") + "}") + "]");
        JsonNode byValue = respond("\"input\":[" + history.formatted(message.toString()) + "]");
        assertNotEquals(read(first), read(byResponse));
        assertEquals(byResponse.get("usage"), byReference.get("usage"));
        assertEquals(byResponse.get("usage"), byValue.get("usage"));
        assertEquals(text(byResponse), text(byReference));
        assertEquals(text(byResponse), text(byValue));

        JsonNode unkept = respond("\"input\":\"Hello\",\"store\":false");
        HttpResponse<String> forgotten = run.answer(
                "/v1/responses", ASK + "\"input\":\"And?\",\"previous_response_id\":" + unkept.get("id") + "}");
        assertEquals(400, forgotten.statusCode());
        assertTrue(forgotten.body().contains("\"code\":\"previous_response_not_found\""), forgotten.body());
    }

    @Test
    void onlyTheNewestAreKept() {
        ResponseMemory memory = new ResponseMemory();
        List<Turn> turns = List.of(new Turn("user", "x".repeat(10_000)));
        for (int i = 0; i < 500; i++) {
            memory.keep("id" + i, turns);
        }
        assertEquals(null, memory.conversation("id99"));
        assertEquals(turns, memory.conversation("id100"), "400 times 10,000 characters");
        memory.keep("endless", List.of(new Turn("user", "x".repeat(4_000_001))));
        assertEquals(null, memory.conversation("endless"));
        assertEquals(null, memory.conversation("id499"));
    }

    @Test
    void theEventsBuildUpTheResponse() throws Exception {
        JsonNode whole = respond("\"input\":\"Hello\"");
        List<String> lines = run.answer("/v1/responses", ASK + "\"stream\":true,\"input\":\"Hello\"}")
                .body()
                .lines()
                .filter(line -> !line.isEmpty())
                .toList();
        List<String> types = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        JsonNode last = null;
        for (int i = 0; i < lines.size(); i += 2) {
            JsonNode event = JsonMapper.shared()
                    .readTree(
                            lines.get(i).startsWith("event: ")
                                    ? lines.get(i + 1).substring("data: ".length())
                                    : "");
            assertEquals("event: " + event.get("type").asString(), lines.get(i));
            assertEquals(i / 2, event.get("sequence_number").asInt());
            types.add(event.get("type").asString());
            text.append(event.path("delta").asString(""));
            last = event;
        }
        assertEquals(
                List.of(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.incomplete"),
                types.stream().distinct().toList());
        assertEquals(text(whole), text.toString());
        assertEquals(text(whole), text(last.get("response")));
        assertEquals(whole.get("usage"), last.get("response").get("usage"));
    }

    @Test
    void tellsLogProbabilitiesIfTheyAreIncluded() throws Exception {
        JsonNode part = respond("\"input\":\"Hello\",\"include\":[\"message.output_text.logprobs\"],\"top_logprobs\":2")
                .get("output")
                .get(0)
                .get("content")
                .get(0);
        assertEquals(6, part.get("logprobs").size());
        assertEquals(2, part.get("logprobs").get(0).get("top_logprobs").size());
    }

    @Test
    void whatDoesNotFitIsToldOrLeftOutWithAMark() throws Exception {
        String items = "\"input\":[{\"role\":\"user\",\"content\":\"" + "x".repeat(SavedModel.CONTEXT)
                + "\"},{\"role\":\"user\",\"content\":\"Hello\"}]";
        HttpResponse<String> refused = run.answer("/v1/responses", ASK + items + "}");
        assertEquals(400, refused.statusCode());
        JsonNode error = JsonMapper.shared().readTree(refused.body()).get("error");
        assertEquals("context_length_exceeded", error.get("code").asString());
        assertEquals("input", error.get("param").asString());
        JsonNode cut = respond(items + ",\"truncation\":\"auto\"");
        assertEquals("auto", cut.get("truncation").asString());
        assertEquals(1, cut.get("truncated").get("messages").asInt());
    }

    @Test
    void followsASchema() throws Exception {
        JsonNode response =
                respond("\"input\":\"Hello\",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"digit\","
                        + "\"schema\":{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}}}");
        assertTrue(JsonMapper.shared().readTree(text(response)).isObject(), text(response));
        assertEquals(
                "json_schema", response.get("text").get("format").get("type").asString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":true",
                "\"text\":{\"format\":{\"type\":\"text\"},\"verbosity\":\"low\"},\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"}",
                "\"include\":[\"reasoning.encrypted_content\"],\"metadata\":{\"a\":\"b\"},\"background\":false,\"user\":\"u\"",
                "\"conversation\":null,\"prompt\":null,\"previous_response_id\":null,\"service_tier\":\"auto\"",
            })
    void acceptsWhatAsksForNothing(String fields) throws Exception {
        respond("\"input\":\"Hello\"," + fields);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "temperature":0                                            | input | a string or an array
            "input":5                                                  | input | a string or an array
            "input":[]                                                 | input | at least one message
            "input":[{"role":"user"}]                                  | input[0].content | must be given
            "input":[{"role":"robot","content":"x"}]                   | input[0].role | system
            "input":[{"type":"function_call","name":"f"}]              | input[0].type | nothing else
            "input":[{"type":"item_reference","id":"msg_1"}]           | input[0].id | only the newest
            "input":[{"role":"user","content":[{"type":"input_image"}]}] | input[0].content[0].type | input_text
            "input":"x","previous_response_id":"resp_1"                | previous_response_id | only the newest
            "input":"x","tools":[{"type":"web_search"}]                | tools | nothing else
            "input":"x","background":true                              | background | nothing else
            "input":"x","conversation":"conv_1"                        | conversation | Unknown field
            "input":"x","max_output_token":5                           | max_output_token | Did you mean max_output_tokens?
            "input":"x","messages":[]                                  | messages | Unknown field
            """)
    void refusesWhatItCannotDoByName(String fields, String parameter, String message) throws Exception {
        HttpResponse<String> answer = run.answer("/v1/responses", "{\"model\":\"perdure\"," + fields + "}");
        assertEquals(400, answer.statusCode(), answer.body());
        JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
        assertTrue(error.get("message").asString().contains(message), answer.body());
        assertEquals(parameter, error.get("param").asString());
    }
}
