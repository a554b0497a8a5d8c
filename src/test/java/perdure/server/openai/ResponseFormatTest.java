package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import perdure.chat.constraint.SchemaJudge;
import perdure.server.SavedModel;
import perdure.server.ServerTest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Answers in JSON over HTTP, from a model that would never say any. */
@Timeout(180)
class ResponseFormatTest extends ServerTest {
    private static final String SCHEMA =
            "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":20},"
                    + "\"tags\":{\"type\":\"array\",\"items\":{\"enum\":[\"a\",\"b\"]},\"minItems\":1}},\"required\":[\"n\",\"tags\"],"
                    + "\"additionalProperties\":false}";

    @Test
    void anAnswerFollowsItsSchemaWholeAndInAStream() throws IOException, InterruptedException {
        SavedModel.commit(folder);
        JsonNode schema = JsonMapper.shared().readTree(SCHEMA);
        for (String more : new String[] {"", ",\"strict\":true", ",\"strict\":false,\"description\":\"Numbers.\""}) {
            String format = "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"numbers\",\"schema\":" + SCHEMA
                    + more + "}}";
            for (int tokens = 20; tokens < 40; tokens += 7) {
                JsonNode choice = choice(ask(format, ",\"n\":2,\"seed\":3,\"max_tokens\":" + tokens), 1);
                assertEquals("stop", choice.get("finish_reason").stringValue());
                SchemaJudge.check(schema, choice.get("message").get("content").stringValue());
            }
            String streamed = ask(format, ",\"stream\":true,\"seed\":3,\"max_tokens\":30")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("data: {"))
                    .map(line -> JsonMapper.shared().readTree(line.substring(6)))
                    .map(chunk -> chunk.get("choices")
                            .get(0)
                            .get("delta")
                            .path("content")
                            .asString(""))
                    .collect(Collectors.joining());
            SchemaJudge.check(schema, streamed);
        }
    }

    @Test
    void anyObjectNeedsNoWordInThePrompt() throws IOException, InterruptedException {
        SavedModel.commit(folder);
        JsonNode choice = choice(ask("{\"type\":\"json_object\"}", ""), 0);
        assertTrue(SchemaJudge.read(choice.get("message").get("content").stringValue())
                .isObject());
        choice = choice(ask("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"any\"}}", ""), 0);
        assertTrue(SchemaJudge.read(choice.get("message").get("content").stringValue())
                .isObject());
    }

    @Test
    void textAndNullAskForNothing() throws IOException, InterruptedException {
        SavedModel.commit(folder);
        assertEquals(200, ask("{\"type\":\"text\"}", ",\"max_tokens\":2").statusCode());
        assertEquals(200, ask("null", ",\"max_tokens\":2").statusCode());
    }

    @Test
    void whatIsNotSupportedIsNamed() throws IOException, InterruptedException {
        SavedModel.commit(folder);
        refused("response_format", "must be", "\"json\"");
        refused("response_format.type", "must be text, json_object or json_schema", "{\"type\":\"grammar\"}");
        refused("response_format.type", "must be text, json_object or json_schema", "{}");
        refused("response_format.json_schema", "must be an object with a schema", "{\"type\":\"json_schema\"}");
        refused("response_format.schema", "Unknown field", "{\"type\":\"json_object\",\"schema\":{}}");
        refused("response_format.json_schema.nam", "Unknown field", schema("{},\"nam\":\"x\""));
        refused("response_format.json_schema.name", "must be at most 64", schema("{},\"name\":\"a b\""));
        refused("response_format.json_schema.strict", "must be true or false", schema("{},\"strict\":1"));
        refused("response_format.json_schema.schema", "must be a JSON object, true or false", schema("[]"));
        refused("response_format.json_schema.schema", "is satisfied by no value", schema("{\"enum\":[]}"));
        refused(
                "response_format.json_schema.schema.properties.a.items.pattern",
                "is not supported",
                schema("{\"properties\":{\"a\":{\"items\":{\"pattern\":\"^x$\"}}}}"));
    }

    @Test
    void aResponseTakesTheSameInItsOwnForm() throws IOException, InterruptedException {
        SavedModel.commit(folder);
        String format = "{\"type\":\"json_schema\",\"name\":\"numbers\",\"schema\":" + SCHEMA + ",\"strict\":true}";
        HttpResponse<String> answer = respond(format);
        assertEquals(200, answer.statusCode(), answer.body());
        JsonNode response = JsonMapper.shared().readTree(answer.body());
        assertEquals("completed", response.get("status").stringValue());
        String text = response.at("/output/0/content/0/text").stringValue();
        SchemaJudge.check(JsonMapper.shared().readTree(SCHEMA), text);

        answer = respond("{\"type\":\"json_schema\",\"name\":\"x\",\"schema\":{\"items\":{\"format\":\"date\"}}}");
        assertEquals(400, answer.statusCode(), answer.body());
        JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
        assertEquals("text.format.schema.items.format", error.get("param").stringValue());
    }

    private HttpResponse<String> respond(String format) throws IOException, InterruptedException {
        return run.answer(
                "/v1/responses", "{\"model\":\"perdure\",\"input\":\"Hi\",\"text\":{\"format\":" + format + "}}");
    }

    private static String schema(String schema) {
        return "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":" + schema + "}}";
    }

    private void refused(String parameter, String message, String format) throws IOException, InterruptedException {
        HttpResponse<String> answer = ask(format, "");
        assertEquals(400, answer.statusCode(), answer.body());
        JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
        assertEquals(parameter, error.get("param").stringValue(), answer.body());
        assertTrue(error.get("message").stringValue().contains(message), answer.body());
        assertTrue(error.get("message").stringValue().contains(parameter), answer.body());
    }

    private static JsonNode choice(HttpResponse<String> answer, int index) {
        assertEquals(200, answer.statusCode(), answer.body());
        return JsonMapper.shared().readTree(answer.body()).get("choices").get(index);
    }

    private HttpResponse<String> ask(String format, String more) throws IOException, InterruptedException {
        return run.answer(
                "/v1/chat/completions",
                "{\"model\":\"perdure\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"response_format\":"
                        + format + more + "}");
    }
}
