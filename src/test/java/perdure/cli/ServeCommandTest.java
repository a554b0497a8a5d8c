package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandTest {
    @Test
    @Timeout(60)
    void saysThatAFolderHoldsNoCheckpointYet(@TempDir Path folder) throws IOException, InterruptedException {
        TinyRun tiny = new TinyRun(folder);
        Files.createDirectory(tiny.checkpoints);
        Process serving = tiny.start(List.of("serve", "--port", "0", "--checkpoints", tiny.checkpoints.toString()));
        try {
            while (!said(tiny).contains("holds no checkpoint yet")) {
                assertTrue(serving.isAlive(), () -> "serve ended: " + said(tiny));
                Thread.sleep(50);
            }
        } finally {
            serving.destroy();
            assertTrue(serving.waitFor(10, TimeUnit.SECONDS));
        }
    }

    private static String said(TinyRun tiny) {
        try {
            return Files.exists(tiny.log()) ? Files.readString(tiny.log()) : "";
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
