package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandTest {
    @Test
    @Timeout(180)
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
            assertTrue(serving.waitFor(60, TimeUnit.SECONDS));
        }
    }

    @Test
    @Timeout(240)
    void tellsHowTheRunThatItServesEnded(@TempDir Path folder) throws Exception {
        TinyRun tiny = new TinyRun(folder);
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "2")).exitCode());
        Process serving = tiny.start(List.of("serve", "--port", "0", "--checkpoints", tiny.checkpoints.toString()));
        try {
            while (!said(tiny).contains("Serving ")) {
                assertTrue(serving.isAlive(), () -> "serve ended: " + said(tiny));
                Thread.sleep(50);
            }
            String url = said(tiny).replaceAll("(?s).*Serving \\S+ on (\\S+).*", "$1");
            HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/training/progress"))
                    .build();
            String progress = HttpClient.newHttpClient()
                    .send(request, HttpResponse.BodyHandlers.ofString())
                    .body();
            assertTrue(
                    progress.startsWith("{\"running\":false,\"current_epoch\":2,\"total_epochs\":2,\"loss\":null,"
                            + "\"state\":\"finished\",\"message\":null,"),
                    progress);
            assertTrue(progress.contains("\"parameters\":"), progress);
        } finally {
            serving.destroy();
            assertTrue(serving.waitFor(60, TimeUnit.SECONDS));
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
