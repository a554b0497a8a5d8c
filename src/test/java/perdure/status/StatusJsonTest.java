package perdure.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class StatusJsonTest {

    private static TrainingStatus status(Double loss) {
        return new TrainingStatus(true, 7, 15, loss, TrainingProgress.of(TrainingProgress.State.IDLE));
    }

    @Test
    void isExactlyTheFourKeysInTheirOrder() {
        assertEquals(
                "{\"running\":true,\"current_epoch\":7,\"total_epochs\":15,\"loss\":4.94}",
                new String(StatusJson.brief(status(4.94)), UTF_8));
    }

    @Test
    void readsWhatItWrote() {
        RunFacts facts = new RunFacts("checkpoints", "my.txt", 61_440, 6_000, 836_864, "cpu", 2, "fp32");
        for (Double loss : new Double[] {4.94, null}) {
            TrainingStatus written = status(loss).withMessage("Disk full.").withRun(facts);
            assertEquals(written, StatusJson.read(StatusJson.full(written)));
        }
    }

    @Test
    void severalProcessesHaveAKeyOfTheirOwn() {
        WorkersStatus workers = new WorkersStatus(
                2,
                "Slurm",
                1,
                List.of(new WorkersStatus.Rank(1, "n2", 70, 0.5, 12.25)),
                new WorkersStatus.Loss("rank 0 on n1 is lost: Connection reset", 60, "2026-01-01T00:00:00Z"));
        TrainingStatus written = status(4.94).withWorkers(workers);
        String json = new String(StatusJson.full(written), UTF_8);
        assertTrue(
                json.endsWith(",\"workers\":{\"world\":2,\"launcher\":\"Slurm\",\"attempt\":1,\"ranks\":[{\"rank\":1,"
                        + "\"host\":\"n2\",\"step\":70,\"heard_seconds\":0.5,\"wait_seconds\":12.25}],\"lost\":{\"reason\":\"rank 0 on n1 is lost: Connection"
                        + " reset\",\"step\":60,\"at\":\"2026-01-01T00:00:00Z\"}}}"),
                json);
        assertEquals(written, StatusJson.read(StatusJson.full(written)));
        assertFalse(new String(StatusJson.full(status(4.94)), UTF_8).contains("workers"));
    }

    @Test
    void aGpuHasAKeyOfItsOwn() {
        TrainingProgress idle = TrainingProgress.of(TrainingProgress.State.IDLE);
        TrainingProgress onGpu = new TrainingProgress(
                idle.state(),
                null,
                idle.position(),
                idle.speed().on(new TrainingProgress.Gpu(42, 43, 80, 97)),
                idle.quality(),
                idle.saved(),
                null,
                null);
        TrainingStatus written = new TrainingStatus(true, 7, 15, 4.94, onGpu);
        String json = new String(StatusJson.full(written), UTF_8);
        assertTrue(
                json.contains("\"gpu\":{\"used_bytes\":42,\"peak_bytes\":43,\"total_bytes\":80,\"utilization\":97}"),
                json);
        assertEquals(written, StatusJson.read(StatusJson.full(written)));
        assertFalse(new String(StatusJson.full(status(4.94)), UTF_8).contains("gpu"));
    }

    @Test
    void readsTheStatusOfAnEarlierVersion() {
        String old = new String(StatusJson.full(status(null)), UTF_8)
                .replace("\"idle\"", "\"done\"")
                .replace(",\"run\":null", "")
                .replace(",\"memory_bytes\":null", "")
                .replace(",\"rising\":null", "");
        TrainingStatus read = StatusJson.read(old.getBytes(UTF_8));
        assertEquals(TrainingProgress.State.FINISHED, read.progress().state());
        assertNull(read.run());
    }

    @Test
    void refusesWhatIsNoStatus() {
        for (String other :
                List.of("", "null", "[]", "{}", "{\"running\":true}", "{\"state\":\"odd\"}", "{\"running\":")) {
            assertThrows(IllegalArgumentException.class, () -> StatusJson.read(other.getBytes(UTF_8)), other);
        }
    }

    @Test
    void writesNullForALossThatIsMissingOrNotFinite() {
        for (Double loss : new Double[] {null, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            assertEquals(
                    "{\"running\":true,\"current_epoch\":7,\"total_epochs\":15,\"loss\":null}",
                    new String(StatusJson.brief(status(loss)), UTF_8));
        }
    }

    @Test
    void putsTheFourKeysInFrontOfTheProgress() {
        JsonNode full = JsonMapper.shared().readTree(StatusJson.full(status(4.94)));
        assertEquals(
                List.of(
                        "running",
                        "current_epoch",
                        "total_epochs",
                        "loss",
                        "state",
                        "message",
                        "position",
                        "speed",
                        "quality",
                        "saved",
                        "last_epoch",
                        "evaluation",
                        "run"),
                List.copyOf(full.propertyNames()));
        assertEquals("idle", full.get("state").asString());
        assertTrue(full.get("quality").get("best_loss").isNull());
    }
}
