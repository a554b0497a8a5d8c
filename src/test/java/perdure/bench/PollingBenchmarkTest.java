package perdure.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.device.LoadedNatives;

@ExtendWith(LoadedNatives.class)
class PollingBenchmarkTest {

    @Test
    void pollsWhileStepsAreTaken(@TempDir Path folder) {
        Recipe tiny = new Recipe("tiny", ReferenceProgram.SHAPE, 2);
        PollingBenchmark.Result result = PollingBenchmark.run(tiny, folder, 2, 0.5);
        assertTrue(result.plain() > 0 && result.slowdown() > -1);
        assertTrue(result.requestsPerSecond() > 0);
        assertEquals(0.25, PollingBenchmark.slowdown(4, 5));
    }
}
