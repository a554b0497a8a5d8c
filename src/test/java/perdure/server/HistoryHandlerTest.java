package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class HistoryHandlerTest extends ServerTest {

    private JsonNode history(String query) throws Exception {
        return JsonMapper.shared().readTree(run.get("/training/history" + query).body());
    }

    private static String step(long step) {
        return "{\"step\":" + step
                + ",\"epoch\":0,\"loss\":5.5,\"learning_rate\":0.001,\"gradient_norm\":1.5,\"tokens\":640}";
    }

    private void write(Stream<String> lines) throws Exception {
        Files.write(folder.resolve("loss_history.jsonl"), lines.toList());
    }

    private static Stream<String> steps(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(HistoryHandlerTest::step);
    }

    private static List<Integer> numbers(JsonNode history) {
        return history.get("steps")
                .valueStream()
                .map(step -> step.get("step").asInt())
                .toList();
    }

    @Test
    void isEmptyBeforeTheFirstLoggedStep() throws Exception {
        String body = run.get("/training/history").body();
        assertTrue(body.startsWith("{\"steps\":[],\"epochs\":[],\"validations\":[],\"restarts\":[],"), body);
    }

    @Test
    void holdsEveryLineOfAShortRunAndWhereItWasRestarted() throws Exception {
        SavedModel.commit(folder, 2, List.of(0L, 1L));
        String epoch = "{\"step\":2,\"epoch\":0,\"epoch_loss\":5.375,\"validation_loss\":5.0,\"bits_per_byte\":null}";
        Files.write(folder.resolve("loss_history.jsonl"), List.of(step(1), step(2), epoch));
        String expected = "{\"steps\":[" + step(1) + "," + step(2) + "],\"epochs\":[" + epoch
                + "],\"validations\":[],\"restarts\":[1],\"measurements\":[],\"samples\":[]}";
        ObjectNode history = (ObjectNode) history("");
        history.remove("generation");
        assertEquals(JsonMapper.shared().readTree(expected), history);
    }

    @Test
    void holdsSpeedMemoryAndSamplesToo() throws Exception {
        String measurement = "{\"step\":10,\"epoch\":0,\"tokens_per_second\":15000.0,\"memory_bytes\":590000000}";
        String later = measurement.replace("10", "20");
        String sample = "{\"step\":12,\"epoch\":0,\"sample\":\"my \\\"epoch_loss\\\" is loss\"}";
        write(steps(1, 30));
        Files.write(
                folder.resolve("training_log.jsonl"), List.of("{\"format\":1}", measurement, sample, later, "damaged"));
        JsonNode history = history("");
        assertEquals(JsonMapper.shared().readTree("[" + measurement + "," + later + "]"), history.get("measurements"));
        assertEquals(JsonMapper.shared().readTree("[" + sample + "]"), history.get("samples"));
        assertEquals(1, history("?since=12").get("measurements").size());
        assertEquals(1, history("?since=12").get("samples").size(), "a sample is made after its step");
        assertEquals(0, history("?since=13").get("samples").size());
        Files.write(folder.resolve("training_log.jsonl"), List.of(measurement));
        assertNotEquals(history.get("generation"), history("").get("generation"), "the run went back");
        assertEquals(0, history("").get("samples").size());
        Files.write(folder.resolve("training_log.jsonl"), List.of("{\"format\":2}", measurement));
        assertEquals(0, history("").get("measurements").size(), "only a newer version knows what that means");
        assertEquals(30, history("").get("steps").size());
    }

    @Test
    void thinsALongRunToWhatIsAsked() throws Exception {
        write(steps(1, 50_000));
        JsonNode steps = history("?points=100").get("steps");
        assertTrue(steps.size() <= 100);
        assertEquals(1, steps.get(0).get("step").asInt());
        assertEquals(50_000, steps.get(steps.size() - 1).get("step").asInt());
    }

    @Test
    void givesWhatCameAfterAStep() throws Exception {
        String validation = "{\"step\":300,\"epoch\":0,\"validation_loss\":5.0,\"bits_per_byte\":1.0}";
        write(Stream.concat(steps(1, 300), Stream.of(validation)));
        JsonNode tail = history("?since=297");
        assertEquals(List.of(298, 299, 300), numbers(tail));
        assertEquals(1, tail.get("validations").size());
        JsonNode newest = history("?since=300");
        assertEquals(List.of(), numbers(newest));
        assertEquals(1, newest.get("validations").size(), "an evaluation is logged after its step");
        assertEquals(0, history("?since=301").get("validations").size());
    }

    @Test
    void theEndOfALongRunIsThereInFullAndTheRestInOutline() throws Exception {
        write(steps(1, 50_000));
        assertEquals(IntStream.rangeClosed(49_001, 50_000).boxed().toList(), numbers(history("?since=49000")));
        List<Integer> thinned = numbers(history("?points=50&since=20000"));
        assertTrue(thinned.size() <= 50 && thinned.size() >= 25, thinned.size() + " points");
        assertTrue(thinned.get(0) > 20_000 && thinned.get(0) < 20_020, thinned.get(0) + " is the first");
        assertEquals(50_000, thinned.get(thinned.size() - 1));
    }

    @Test
    void readsOnAsTheRunGoesOn() throws Exception {
        write(steps(1, 10));
        JsonNode before = history("");
        Files.writeString(folder.resolve("loss_history.jsonl"), step(11) + "\n" + step(12), StandardOpenOption.APPEND);
        assertEquals(List.of(11), numbers(history("?since=10")), "a line counts when it is complete");
        Files.writeString(folder.resolve("loss_history.jsonl"), "\n", StandardOpenOption.APPEND);
        assertEquals(List.of(11, 12), numbers(history("?since=10")));
        assertEquals(before.get("generation"), history("").get("generation"));
    }

    @Test
    void noticesThatTheRunWentBackOrIsAnother() throws Exception {
        write(steps(1, 100));
        JsonNode before = history("");
        write(Stream.concat(steps(1, 50), steps(51, 120).map(line -> line.replace("5.5", "4.5"))));
        JsonNode resumed = history("?since=100");
        assertEquals(IntStream.rangeClosed(101, 120).boxed().toList(), numbers(resumed));
        assertNotEquals(before.get("generation"), resumed.get("generation"));
        assertEquals(4.5, history("").get("steps").get(60).get("loss").asDouble());
        Files.delete(folder.resolve("loss_history.jsonl"));
        assertEquals(List.of(), numbers(history("")));
        write(steps(7, 8));
        assertEquals(List.of(7, 8), numbers(history("")));
        assertEquals(
                3,
                Stream.of(before, resumed, history(""))
                        .map(each -> each.get("generation"))
                        .distinct()
                        .count());
    }

    @Test
    void anUnchangedCurveIsNotSentAgain() throws Exception {
        write(steps(1, 10));
        String tag = run.get("/training/history").headers().firstValue("ETag").orElseThrow();
        HttpResponse<String> same = run.get("/training/history", "If-None-Match", "W/" + tag);
        assertEquals(304, same.statusCode());
        assertEquals("", same.body());
        write(steps(1, 11));
        assertEquals(200, run.get("/training/history", "If-None-Match", tag).statusCode());
    }

    @Test
    void namesTheParameterThatIsNoNumber() throws Exception {
        for (String wrong : List.of("", "-1", "1.5", "one", "1e3", "99999999999999999999", "1&since=2")) {
            assertRefused("since", "?points=10&since=" + wrong);
        }
        for (String wrong : List.of("0", "1", "-5", "ten", "10001", "99999999999", "", "5&points=5")) {
            assertRefused("points", "?since=3&points=" + wrong);
        }
    }

    private void assertRefused(String parameter, String query) throws Exception {
        HttpResponse<String> answer = run.get("/training/history" + query);
        assertEquals(400, answer.statusCode(), query);
        JsonNode error = JsonMapper.shared().readTree(answer.body()).get("error");
        assertEquals(parameter, error.get("param").asString(), query);
    }
}
