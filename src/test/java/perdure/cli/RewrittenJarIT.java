package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.TrainingProcess;
import perdure.checkpoint.MetaStore;

/** A new build writes the jar anew, in the same file, while a process runs from it. */
class RewrittenJarIT {
    private static final Pattern URL = Pattern.compile("http://127\\.0\\.0\\.1:[0-9]+");

    @TempDir
    Path folder;

    private Path jar() throws IOException {
        Path classes = Path.of("target/classes");
        Path jar = folder.resolve("perdure.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, out);
            }
        }
        return jar;
    }

    @Test
    void theRunAndItsPageGoOn() throws Exception {
        Path jar = jar();
        TinyRun run = new TinyRun(folder);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dperdure.log=DEBUG",
                "-cp",
                jar + File.pathSeparator + System.getProperty("java.class.path"),
                "perdure.cli.Main"));
        command.addAll(run.train("--epochs", "100000", "--steps-per-epoch", "100", "--port", "0"));
        command.remove("--no-server");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(run.log().toFile())
                .start();
        try {
            await(run, process, "All classes of " + jar + " are loaded.");
            await(run, process, "parameters on");
            Files.write(jar, new byte[(int) Files.size(jar)]);
            await(run, process, "Epoch 2/");
            Matcher url = URL.matcher(Files.readString(run.log()));
            assertTrue(url.find());
            for (String path : List.of("/", "/page/app.js", "/library/preact.js", "/metrics", "/training/history")) {
                assertEquals(200, status(url.group() + path), path);
            }
        } finally {
            process.destroy();
        }
        assertEquals(143, TinyRun.await(process), Files.readString(run.log()));
        assertTrue(new MetaStore(run.checkpoints).read().step() > 100);
        assertFalse(Files.readString(run.log()).contains("Error"), Files.readString(run.log()));
    }

    private static int status(String url) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    private static void await(TinyRun run, Process process, String text) throws IOException {
        while (!Files.readString(run.log()).contains(text)) {
            assertTrue(process.isAlive(), Files.readString(run.log()));
            TrainingProcess.pause(50);
        }
    }
}
