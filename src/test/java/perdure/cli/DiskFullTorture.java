package perdure.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import perdure.bench.TrainingProcess;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Fills the disk under a run, looks at what is said and kept, and makes room again. */
final class DiskFullTorture {

    private static final List<String> FLAGS = List.of("--port", "0", "--checkpoint-every", "100ms");
    private static final int IMAGE_MEBIBYTES = 16;

    private final HttpClient client = HttpClient.newHttpClient();

    private DiskFullTorture() {}

    /** @return what held, beginning with HOLDS, or what did not, beginning with BROKEN */
    static String run(ShortRun run, Path work) {
        try {
            return new DiskFullTorture().strike(run, work);
        } catch (IllegalStateException broken) {
            return "BROKEN: " + broken.getMessage();
        }
    }

    private String strike(ShortRun run, Path work) {
        try (Ext4Image disk = Ext4Image.create(work, IMAGE_MEBIBYTES)) {
            Path folder = disk.path().resolve("run");
            try (TrainingProcess trainer = run.start(folder, FLAGS)) {
                trainer.await(() -> trainer.lastSaved() > 0);
                Path ballast = disk.path().resolve("ballast");
                fill(ballast);
                trainer.await(() -> saves(trainer).path("failures").asInt() > 0);
                JsonNode full = progress(trainer);
                require(full.path("message").asString("").contains("No space left"), "the status says " + full);
                Tally tally = new Tally("full disks");
                tally.examine(folder, trainer.lastSaved());
                require(tally.holds(), tally.toString());

                long step = trainer.lastStep();
                long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
                trainer.await(() -> trainer.lastStep() > step + 20 || System.nanoTime() > end);
                require(trainer.lastStep() > step + 20, "training did not go on: " + trainer.output());
                require(trainer.isAlive(), "the trainer ended: " + trainer.output());

                long saved = trainer.lastSaved();
                delete(ballast);
                trainer.await(() -> trainer.lastSaved() > saved);
                // What was saved is published a moment after it was logged.
                require(
                        trainer.await(() -> progress(trainer).path("message").isNull()),
                        "the status told of the failure to the end");
                trainer.requireDone();
            }
            require(run.isEqualTo(folder), "the run ended with other bytes");
            return "HOLDS: a full disk was told of, the last checkpoint stayed good, training went on, saved again when"
                    + " there was room, and ended with the same bytes.";
        }
    }

    private JsonNode saves(TrainingProcess trainer) {
        return progress(trainer).path("saved");
    }

    private JsonNode progress(TrainingProcess trainer) {
        URI uri = URI.create("http://127.0.0.1:" + trainer.port() + "/training/progress");
        try {
            HttpResponse<String> answer =
                    client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            return JsonMapper.shared().readTree(answer.body());
        } catch (IOException | InterruptedException problem) {
            throw new IllegalStateException(uri + ": " + problem, problem);
        }
    }

    private static void fill(Path ballast) {
        byte[] block = new byte[1 << 12];
        try (OutputStream out = Files.newOutputStream(ballast)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            // As wanted.
            return;
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalStateException(otherwise);
        }
    }
}
