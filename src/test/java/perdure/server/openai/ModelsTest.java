package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.server.Access;
import perdure.server.Limits;
import perdure.server.SavedModel;
import perdure.server.ServerOptions;
import perdure.server.ServerUnderTest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ModelsTest {
    private static final ModelNames NAMES = new ModelNames(List.of("gpt-4o", "meta/llama"));

    @TempDir
    Path folder;

    @AutoClose
    ServerUnderTest run;

    @BeforeEach
    void start() {
        run = new ServerUnderTest(folder, new ServerOptions("127.0.0.1", 0, Access.LOCAL, Limits.standard(), NAMES));
    }

    @Test
    void listsTheModelByEachOfItsNamesOnceOneIsSaved() throws Exception {
        assertEquals("{\"object\":\"list\",\"data\":[]}", run.get("/v1/models").body());
        assertEquals(503, run.get("/v1/models/perdure").statusCode());
        SavedModel.commit(folder);
        JsonNode data = json(run.get("/v1/models")).get("data");
        assertEquals(
                List.of("perdure", "gpt-4o", "meta/llama", "perdure:step-0000000003"),
                StreamSupport.stream(data.spliterator(), false)
                        .map(model -> model.get("id").asString())
                        .toList());
        assertEquals(data.get(0), json(run.get("/v1/models/perdure")));
    }

    @Test
    void tellsContextLengthEpochAndLoss() throws Exception {
        SavedModel.commit(folder);
        JsonNode model = json(run.get("/v1/models/perdure"));
        assertEquals(
                model.get("checkpoint").get("context_length").asInt(),
                model.get("context_length").asInt());
        assertEquals(1, model.get("checkpoint").get("epoch").asInt());
        assertEquals(2.31, model.get("checkpoint").get("loss").asDouble());
    }

    @Test
    void findsANameWithASlashEncodedOrNot() throws Exception {
        SavedModel.commit(folder);
        for (String path : List.of("/v1/models/meta/llama", "/v1/models/meta%2Fllama", "/v1/models/meta%2fllama/")) {
            assertEquals("meta/llama", json(run.get(path)).get("id").asString(), path);
        }
    }

    @Test
    void anAliasAnswersByItsNameAndNoOtherNameDoes() throws Exception {
        SavedModel.commit(folder);
        String question =
                "{\"model\":\"%s\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
        HttpResponse<String> answer = run.answer("/v1/chat/completions", question.formatted("gpt-4o"));
        assertEquals("gpt-4o", json(answer).get("model").asString());
        for (HttpResponse<String> refused :
                List.of(run.answer("/v1/chat/completions", question.formatted("gpt-5")), run.get("/v1/models/gpt-5"))) {
            assertEquals(404, refused.statusCode());
            JsonNode error = json(refused).get("error");
            assertEquals("model_not_found", error.get("code").asString());
            assertEquals("model", error.get("param").asString());
            assertTrue(error.get("message").asString().contains("'gpt-5'"), refused.body());
        }
    }

    @Test
    void aCheckpointThatIsKeptAnswersByItsNameAndNoOtherDoes() throws Exception {
        SavedModel.commit(folder, 3, List.of(0L));
        SavedModel.commit(folder, 6, List.of(0L));
        String question = "{\"model\":\"%s\",\"max_tokens\":1,\"stream\":%s,"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
        HttpResponse<String> answer =
                run.answer("/v1/chat/completions", question.formatted("perdure:step-0000000003", false));
        assertEquals("perdure:step-0000000003", json(answer).get("model").asString());
        assertEquals(
                "step-0000000003", json(answer).get("checkpoint").get("name").asString());
        JsonNode model = json(run.get("/v1/models/perdure:step-0000000003"));
        assertEquals("step-0000000003", model.get("checkpoint").get("name").asString());
        for (String name : List.of("perdure:", "perdure:..", "perdure:step-0000000004", "perdure:../" + folder)) {
            for (boolean stream : List.of(true, false)) {
                HttpResponse<String> refused = run.answer("/v1/chat/completions", question.formatted(name, stream));
                assertEquals(404, refused.statusCode(), name);
                assertEquals(
                        "model_not_found",
                        json(refused).get("error").get("code").asString());
            }
        }
        assertEquals(404, run.get("/v1/models/perdure:step-0000000004").statusCode());
    }

    @Test
    void aRefusalRepeatsAnEndlessNameInPartOnly() throws Exception {
        String body = "{\"model\":\"" + "m".repeat(40_000) + "\",\"messages\":[]}";
        assertTrue(run.answer("/v1/chat/completions", body).body().length() < 1_000);
    }

    @Test
    void refusesAnAliasThatIsNoName() {
        for (String alias : List.of("", "two words", "line\nfeed", "a".repeat(257))) {
            assertThrows(IllegalArgumentException.class, () -> new ModelNames(List.of(alias)), alias);
        }
    }

    private static JsonNode json(HttpResponse<String> answer) {
        return JsonMapper.shared().readTree(answer.body());
    }
}
