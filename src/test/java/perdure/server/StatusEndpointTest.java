package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.status.TrainingStatus;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class StatusEndpointTest {

    @AutoClose
    private ServerUnderTest run;

    @BeforeEach
    void start(@TempDir Path folder) {
        run = new ServerUnderTest(folder);
    }

    private JsonNode status() throws Exception {
        HttpResponse<String> answer = run.get("/training/status");
        assertEquals(200, answer.statusCode());
        assertEquals("application/json; charset=utf-8", header(answer, "Content-Type"));
        assertEquals("no-store", header(answer, "Cache-Control"));
        JsonNode status = JsonMapper.shared().readTree(answer.body());
        assertEquals(List.of("running", "current_epoch", "total_epochs", "loss"), List.copyOf(status.propertyNames()));
        assertTrue(status.get("running").isBoolean());
        assertTrue(status.get("current_epoch").isInt());
        assertTrue(status.get("total_epochs").isInt());
        assertTrue(status.get("loss").isNull() || status.get("loss").isDouble());
        return status;
    }

    private static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElse(null);
    }

    @Test
    void isIdleBeforeAnythingIsPublished() throws Exception {
        JsonNode status = status();
        assertEquals(false, status.get("running").asBoolean());
        assertEquals(0, status.get("total_epochs").asInt());
        assertTrue(status.get("loss").isNull());
    }

    @Test
    void tellsEpochAndLossWhileRunning() throws Exception {
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        status();
        assertEquals(
                "{\"running\":true,\"current_epoch\":7,\"total_epochs\":15,\"loss\":4.94}",
                run.get("/training/status").body());
    }

    @Test
    void hasNoLossBeforeTheFirstStepAndWhenItIsNotANumber() throws Exception {
        run.published.set(ServerUnderTest.running(1, 15, null));
        assertTrue(status().get("loss").isNull());
        run.published.set(ServerUnderTest.running(1, 15, Double.NaN));
        assertTrue(status().get("loss").isNull());
    }

    @Test
    void isNotRunningOnceDone() throws Exception {
        run.published.set(ServerUnderTest.running(15, 15, 3.2));
        status();
        run.published.set(TrainingStatus.idle(15, 15));
        JsonNode status = status();
        assertEquals(false, status.get("running").asBoolean());
        assertEquals(15, status.get("current_epoch").asInt());
        assertEquals(15, status.get("total_epochs").asInt());
    }

    @Test
    void tellsEverythingElseAsProgress() throws Exception {
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        JsonNode progress =
                JsonMapper.shared().readTree(run.get("/training/progress").body());
        assertEquals(4.94, progress.get("loss").asDouble());
        assertEquals("training", progress.get("state").asString());
        assertEquals(420, progress.get("position").get("step").asInt());
        assertEquals(75, progress.get("speed").get("eta_seconds").asInt());
        assertTrue(progress.get("quality").get("bits_per_byte").isNull(), "not finite");
        assertEquals("step-0000000400", progress.get("saved").get("checkpoint").asString());
    }

    @Test
    void isReadyOnceAStatusIsPublishedAndLiveBefore() throws Exception {
        assertEquals(200, run.get("/livez").statusCode());
        assertReady(503, "{\"ready\":false,\"reason\":\"The run is still being prepared.\"}");
        run.published.set(TrainingStatus.idle(0, 10));
        assertReady(200, "{\"ready\":true}");
    }

    private void assertReady(int status, String body) throws Exception {
        HttpResponse<String> reply = run.get("/readyz");
        assertEquals(status, reply.statusCode());
        JsonMapper json = JsonMapper.shared();
        assertEquals(json.readTree(body), json.readTree(reply.body()));
    }

    @Test
    void makesTheJsonOncePerStatus() {
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        StatusDocuments documents = new StatusDocuments(run.published);
        assertSame(documents.newest().brief(), documents.newest().brief());
        StatusDocuments.Document before = documents.newest();
        run.published.set(ServerUnderTest.running(7, 15, 4.93));
        assertTrue(documents.newest() != before);
    }

    @Test
    void answersHeadLikeGetWithoutABody() throws Exception {
        HttpResponse<String> get = run.get("/training/status");
        HttpResponse<String> head = run.send("HEAD", "/training/status");
        assertEquals(200, head.statusCode());
        assertEquals("", head.body());
        assertEquals(header(get, "Content-Length"), header(head, "Content-Length"));
        assertEquals(200, run.send("HEAD", "/training/events").statusCode());
    }

    @Test
    void stopsARunThatIsUnderWay() throws Exception {
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        assertEquals(202, run.send("POST", "/training/stop").statusCode());
        assertEquals(1, run.stops.get());
    }

    @Test
    void hasNothingToStopWhenNothingTrains() throws Exception {
        run.published.set(TrainingStatus.idle(3, 10));
        HttpResponse<String> answer = run.send("POST", "/training/stop");
        assertEquals(409, answer.statusCode());
        assertError("conflict", answer);
        assertEquals(0, run.stops.get());
    }

    private static void assertError(String type, HttpResponse<String> answer) {
        JsonNode body = JsonMapper.shared().readTree(answer.body());
        assertEquals(List.of("error"), List.copyOf(body.propertyNames()));
        assertEquals(type, body.get("error").get("type").asString());
        assertTrue(body.get("error").get("message").asString().length() > 5);
    }
}
