package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.TrainingProcess;
import perdure.data.Fingerprint;

/** A process that is killed while it tokenizes loses no finished part, and ends with the tokens of an unbroken one. */
@Tag("long")
class TokenizingIT {
    private static final int KILLS = 2;

    @TempDir
    Path folder;

    @Test
    void goesOnWhereItWasKilled() throws IOException {
        Path data = lines(130_000);
        TinyRun broken = new TinyRun(Files.createDirectory(folder.resolve("a")));
        Path unfinished = broken.checkpoints.resolve("tokens.tmp");
        List<String> finished = List.of();
        FileTime learnt = null;
        for (int kill = 0; kill < KILLS; kill++) {
            int before = finished.size();
            try (TrainingProcess process = start(broken, data)) {
                assertTrue(process.await(() -> parts(unfinished).size() > before), process::output);
                process.kill();
            }
            assertEquals(finished, parts(unfinished).subList(0, before));
            finished = parts(unfinished);
            FileTime now = Files.getLastModifiedTime(broken.checkpoints.resolve("learnt-tokenizer.json"));
            assertTrue(kill == 0 || parts(unfinished).size() > before);
            assertTrue(learnt == null || now.compareTo(learnt) >= 0);
            learnt = now;
        }
        try (TrainingProcess process = start(broken, data)) {
            process.requireDone();
        }
        TinyRun unbroken = new TinyRun(Files.createDirectory(folder.resolve("b")));
        try (TrainingProcess process = start(unbroken, data)) {
            process.requireDone();
        }

        assertFalse(Files.exists(unfinished));
        assertEquals(sums(unbroken.checkpoints), sums(broken.checkpoints));
    }

    private static TrainingProcess start(TinyRun run, Path data) {
        List<String> command =
                run.train("--epochs", "1", "--steps-per-epoch", "3", "--vocab-size", "400", "--data", data.toString());
        return TrainingProcess.start(
                run.checkpoints, run.log(), command.subList(1, command.size()), ChildJava.options());
    }

    /** About 26 MB, which are a few parts. */
    private Path lines(int count) throws IOException {
        Path file = folder.resolve("lines.jsonl");
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (int i = 0; i < count; i++) {
                writer.write("{\"text\":\"" + ("Number " + i + " of many, and some more words. ").repeat(5) + "\"}\n");
            }
        }
        return file;
    }

    /** The lines of the finished parts. */
    private static List<String> parts(Path tokens) {
        try {
            List<String> lines = Files.readAllLines(tokens.resolve("parts.txt"));
            return lines.subList(Math.min(1, lines.size()), lines.size());
        } catch (IOException absent) {
            return List.of();
        }
    }

    /** SHA-256 of the tokens and of the weights. */
    private static Map<String, String> sums(Path run) throws IOException {
        Map<String, String> sums = new TreeMap<>();
        try (Stream<Path> files = Files.walk(run)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = run.relativize(file).toString();
                if (name.startsWith("tokens-") || name.endsWith(".safetensors")) {
                    sums.put(name, Fingerprint.of(file));
                }
            }
        }
        assertTrue(sums.size() > 5, sums::toString);
        return sums;
    }
}
