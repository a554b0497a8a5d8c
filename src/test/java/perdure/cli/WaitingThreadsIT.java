package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** How libtorch's threads wait for each other, as libgomp itself tells it when it is loaded. */
@EnabledOnOs(OS.LINUX)
class WaitingThreadsIT {

    @TempDir
    Path folder;

    private String settings(Map<String, String> environment) throws IOException, InterruptedException {
        TinyRun run = new TinyRun(folder);
        assertEquals(0, TinyRun.await(run.start(run.train("--epochs", "1"), environment)));
        return Files.readString(run.log());
    }

    @Test
    void sleepEarly() throws IOException, InterruptedException {
        String settings = settings(Map.of("OMP_DISPLAY_ENV", "VERBOSE", "OMP_WAIT_POLICY", ""));
        assertTrue(settings.contains("GOMP_SPINCOUNT = '100000'"), settings);
    }

    @Test
    void waitAsTheEnvironmentSays() throws IOException, InterruptedException {
        String settings = settings(Map.of("OMP_DISPLAY_ENV", "VERBOSE", "OMP_WAIT_POLICY", "", "GOMP_SPINCOUNT", "77"));
        assertTrue(settings.contains("GOMP_SPINCOUNT = '77'"), settings);
    }
}
