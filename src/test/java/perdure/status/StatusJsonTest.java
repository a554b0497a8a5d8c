package perdure.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
                        "evaluation"),
                List.copyOf(full.propertyNames()));
        assertEquals("idle", full.get("state").asString());
        assertTrue(full.get("quality").get("best_loss").isNull());
    }
}
