package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLogTest {

    @TempDir
    Path folder;

    private static LossCurve.Line measurement(long step) {
        return new LossCurve.Measurement(step, 0, 15_000, null);
    }

    private List<Long> steps() throws Exception {
        return Files.readAllLines(folder.resolve(TrainingLog.FILE)).stream()
                .skip(1)
                .map(LossCurve::step)
                .toList();
    }

    @Test
    void linesAreThereOnceTheyAreWritten() throws Exception {
        TrainingLog log = TrainingLog.open(folder, 0);
        log.add(measurement(10));
        log.add(new LossCurve.Sample(12, 0, "Hello\nyou"));
        log.write();
        log.write();
        assertEquals(
                "{\"format\":1}\n{\"step\":10,\"epoch\":0,\"tokens_per_second\":15000.0,\"memory_bytes\":null}\n"
                        + "{\"step\":12,\"epoch\":0,\"sample\":\"Hello\\nyou\"}\n",
                Files.readString(folder.resolve(TrainingLog.FILE)));
    }

    @Test
    void isCutBackToTheStepThatTheRunResumesFrom() throws Exception {
        TrainingLog log = TrainingLog.open(folder, 0);
        for (long step = 10; step <= 50; step += 10) {
            log.add(measurement(step));
        }
        log.write();
        Files.writeString(
                folder.resolve(TrainingLog.FILE),
                Files.readString(folder.resolve(TrainingLog.FILE)) + "{\"step\":60,\"ep");
        TrainingLog.open(folder, 55);
        assertEquals(List.of(10L, 20L, 30L, 40L, 50L), steps());
        TrainingLog resumed = TrainingLog.open(folder, 30);
        assertEquals(List.of(10L, 20L, 30L), steps());
        resumed.add(measurement(40));
        resumed.write();
        assertEquals(List.of(10L, 20L, 30L, 40L), steps());
    }
}
