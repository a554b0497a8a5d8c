package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class HistoryHandlerTest {

    @Property
    void thinsToAtMostNKeepingTheEndsAndTheOrder(
            @ForAll @IntRange(max = 3_000) int length, @ForAll @IntRange(min = 2, max = 100) int points) {
        HistoryHandler.Thinning thinning = new HistoryHandler.Thinning(points);
        IntStream.range(0, length).forEach(i -> thinning.add(String.valueOf(i)));
        List<Integer> kept = thinning.kept().stream().map(Integer::valueOf).toList();
        assertEquals(kept.stream().sorted().distinct().toList(), kept);
        assertTrue(kept.size() <= points);
        if (length <= points) {
            assertEquals(length, kept.size());
        } else {
            assertEquals(0, kept.get(0));
            assertEquals(length - 1, kept.get(kept.size() - 1));
            assertTrue(kept.size() >= points / 2, kept.size() + " of " + points);
        }
    }

    @Nested
    class Served {

        @TempDir
        Path folder;

        private ServerUnderTest run;

        @BeforeEach
        void start() {
            run = new ServerUnderTest(folder);
        }

        @AfterEach
        void stop() {
            run.close();
        }

        private JsonNode history(String query) throws Exception {
            return JsonMapper.shared()
                    .readTree(run.get("/training/history" + query).body());
        }

        @Test
        void isEmptyBeforeTheFirstLoggedStep() throws Exception {
            assertEquals(
                    "{\"steps\":[],\"epochs\":[]}", run.get("/training/history").body());
        }

        @Test
        void holdsEveryLineOfAShortRun() throws Exception {
            Files.writeString(folder.resolve("loss_history.jsonl"), """
                    {"step":1,"epoch":0,"loss":5.5}
                    {"step":2,"epoch":0,"loss":5.25}
                    {"step":2,"epoch":0,"epoch_loss":5.375}
                    """);
            assertEquals(JsonMapper.shared().readTree("""
                    {"steps":[{"step":1,"epoch":0,"loss":5.5},{"step":2,"epoch":0,"loss":5.25}],
                     "epochs":[{"step":2,"epoch":0,"epoch_loss":5.375}]}"""), history(""));
        }

        @Test
        void thinsALongRunToWhatIsAsked() throws Exception {
            Files.write(
                    folder.resolve("loss_history.jsonl"),
                    IntStream.rangeClosed(1, 50_000)
                            .mapToObj(step -> "{\"step\":" + step + ",\"loss\":5.5}")
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
}
