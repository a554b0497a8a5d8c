package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.server.openai.Spelling;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RouterTest extends ServerTest {

    private static String allow(HttpResponse<String> answer) {
        return answer.headers().firstValue("Allow").orElseThrow();
    }

    private static JsonNode error(HttpResponse<String> answer) {
        JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
        assertEquals("invalid_request_error", error.get("type").asString());
        assertTrue(error.get("param").isNull());
        return error;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/training/status/",
                "//training/status",
                "/training//status",
                "///training///status///",
                "/%74raining/status"
            })
    void extraSlashesMeanNothing(String path) throws Exception {
        String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        assertTrue(run.raw(request).startsWith("HTTP/1.1 200 OK"), path);
    }

    @Test
    void namesTheRightMethods() throws Exception {
        HttpResponse<String> answer = run.send("DELETE", "/training/status");
        assertEquals(405, answer.statusCode());
        assertEquals("GET, HEAD, OPTIONS", allow(answer));
        assertEquals("method_not_supported", error(answer).get("code").asString());
        HttpResponse<String> stop = run.get("/training/stop");
        assertEquals(405, stop.statusCode());
        assertEquals("POST, OPTIONS", allow(stop));
        assertTrue(error(stop).get("message").asString().contains("POST, OPTIONS"), stop.body());
    }

    @Test
    void answersOptions() throws Exception {
        for (String path : new String[] {"/training/status", "/v1/chat/completions", "/"}) {
            HttpResponse<String> answer = run.send("OPTIONS", path);
            assertEquals(204, answer.statusCode(), path);
            assertEquals("", answer.body());
            assertEquals(path.contains("chat") ? "POST, OPTIONS" : "GET, HEAD, OPTIONS", allow(answer), path);
        }
        assertEquals(404, run.send("OPTIONS", "/nothing").statusCode());
        String whole = run.raw("OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertTrue(whole.startsWith("HTTP/1.1 204 ") && whole.contains("Allow: GET, HEAD, POST, OPTIONS"), whole);
    }

    @ParameterizedTest
    @CsvSource({
        "/chat/completions, /v1/chat/completions",
        "/v1/v1/chat/completions, /v1/chat/completions",
        "/api/v1/chat/completions, /v1/chat/completions",
        "/v1/chat/completions/chat/completions, /v1/chat/completions",
        "/openai/deployments/gpt/chat/completions, /v1/chat/completions",
        "/v1/chat/completion, /v1/chat/completions",
        "/V1/Chat/Completions, /v1/chat/completions",
        "/completions, /v1/completions",
        "/v1/complétions, /v1/completions",
        "/models, /v1/models",
        "/V1/models, /v1/models",
        "/v1/model, /v1/models",
        "/status, /training/status",
        "/TRAINING/STATUS, /training/status",
        "/metric, /metrics",
        "/livez2, /livez"
    })
    void guessesWhatWasMeant(String asked, String meant) throws Exception {
        HttpResponse<String> answer = run.get(asked.replace("é", "%C3%A9"));
        assertEquals(404, answer.statusCode());
        JsonNode error = error(answer);
        assertEquals("unknown_url", error.get("code").asString());
        String message = error.get("message").asString();
        assertEquals("Nothing is served at " + asked + ". Did you mean " + meant + "?", message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/training", "/v1", "/v1/embeddings", "/api/tags", "/%2e%2e/etc/passwd", "/nothing/at/all", "/x"
            })
    void doesNotGuessWildly(String path) throws Exception {
        HttpResponse<String> answer = run.get(path);
        assertEquals(404, answer.statusCode());
        assertFalse(error(answer).get("message").asString().contains("Did you mean"), answer.body());
    }

    @Test
    void aLongPathIsNotRepeatedWhole() throws Exception {
        HttpResponse<String> answer = run.get("/" + "x".repeat(8_000));
        assertEquals(404, answer.statusCode());
        assertTrue(answer.body().length() < 400, answer.body());
    }

    @Test
    void theDistanceIsThatOfLevenshtein() {
        assertEquals(3, Spelling.distance("kitten", "sitting"));
        assertEquals(3, Spelling.distance("saturday", "sunday"));
        assertEquals(4, Spelling.distance("", "four"));
        assertEquals(0, Spelling.distance("same", "same"));
    }

    @Test
    void servesUnderThePathOfTheProxyAndWithoutIt(@TempDir Path other) throws Exception {
        Access access = Access.LOCAL.withPublicUrl("https://example.org/v1/run");
        try (ServerUnderTest behind = new ServerUnderTest(other, access)) {
            for (String path :
                    new String[] {"/livez", "/v1/run/livez", "/v1/run//livez/", "/v1/run/v1/models", "/v1/models"}) {
                assertEquals(200, behind.get(path).statusCode(), path);
            }
            assertEquals(behind.get("/").body(), behind.get("/v1/run/").body());
            assertEquals(
                    behind.get("/page/app.js").body(),
                    behind.get("/v1/run/page/app.js").body());
            for (String path :
                    new String[] {"/v1/runlivez", "/v1/run/v1/run/livez", "/run/livez", "/v1/run/page/no.js"}) {
                assertEquals(404, behind.get(path).statusCode(), path);
            }
            HttpResponse<String> folder = behind.get("/v1/run?a=b");
            assertEquals(308, folder.statusCode());
            assertEquals("run/?a=b", folder.headers().firstValue("Location").orElseThrow());
        }
    }
}
