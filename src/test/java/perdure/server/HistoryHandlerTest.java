package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class HistoryHandlerTest extends ServerTest {

    private JsonNode history(String query) throws Exception {
        return JsonMapper.shared().readTree(run.get("/training/history" + query).body());
    }

    private static String step(long step) {
        return "{\"step\":" + step
                + ",\"epoch\":0,\"loss\":5.5,\"learning_rate\":0.001,\"gradient_norm\":1.5,\"tokens\":640}";
    }

    @Test
    void isEmptyBeforeTheFirstLoggedStep() throws Exception {
        assertEquals(
                "{\"steps\":[],\"epochs\":[],\"validations\":[],\"restarts\":[]}",
                run.get("/training/history").body());
    }

    @Test
    void holdsEveryLineOfAShortRunAndWhereItWasRestarted() throws Exception {
        SavedModel.commit(folder, 2, List.of(0L, 1L));
        String epoch = "{\"step\":2,\"epoch\":0,\"epoch_loss\":5.375,\"validation_loss\":5.0,\"bits_per_byte\":null}";
        Files.write(folder.resolve("loss_history.jsonl"), List.of(step(1), step(2), epoch));
        String expected = "{\"steps\":[" + step(1) + "," + step(2) + "],\"epochs\":[" + epoch
                + "],\"validations\":[],\"restarts\":[1]}";
        assertEquals(JsonMapper.shared().readTree(expected), history(""));
    }

    @Test
    void thinsALongRunToWhatIsAsked() throws Exception {
        Files.write(
                folder.resolve("loss_history.jsonl"),
                IntStream.rangeClosed(1, 50_000)
                        .mapToObj(HistoryHandlerTest::step)
                        .toList());
        JsonNode steps = history("?points=100").get("steps");
        assertTrue(steps.size() <= 100);
        assertEquals(1, steps.get(0).get("step").asInt());
        assertEquals(50_000, steps.get(steps.size() - 1).get("step").asInt());
    }

    @Test
    void refusesANumberOfPointsThatIsNone() throws Exception {
        for (String points : List.of("0", "1", "-5", "ten", "10001", "99999999999", "")) {
            assertEquals(400, run.get("/training/history?points=" + points).statusCode(), points);
        }
    }
}
