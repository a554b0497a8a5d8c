package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.data.Fingerprint;

/** Processes that make parts at the same time, are killed and go on end with the bytes of one that does it all. */
@Tag("long")
class TokenizeIT {
    @TempDir
    Path folder;

    @Test
    void partsThatAreKilledEndWithTheSameBytes() throws Exception {
        Path data = text();
        TinyRun runs = new TinyRun(folder);
        Path one = folder.resolve("one");
        assertEquals(0, TinyRun.await(runs.start(command(data, one))), () -> log(runs));
        Path out = Files.createDirectory(folder.resolve("out"));
        Files.copy(one.resolve("learnt-tokenizer.json"), out.resolve("learnt-tokenizer.json"));
        for (int kill = 0; kill < 2; kill++) {
            long before = finished(out);
            Process first = runs.start(command(data, out, "--part", "1/2"));
            Process second = runs.start(command(data, out, "--part", "2/2"));
            while (finished(out) == before && first.isAlive() && second.isAlive()) {
                Thread.sleep(20);
            }
            first.destroyForcibly().waitFor();
            second.destroyForcibly().waitFor();
            assertFalse(Files.exists(out.resolve("tokens.json")));
        }
        assertTrue(finished(out) > 0);
        Process first = runs.start(command(data, out, "--part", "1/2"));
        Process second = runs.start(command(data, out, "--part", "2/2"));
        assertEquals(0, TinyRun.await(first), () -> log(runs));
        assertEquals(0, TinyRun.await(second), () -> log(runs));
        assertEquals(sums(one), sums(out), () -> log(runs));
    }

    /** Until the manifest is there nobody trains on the tokens, and the same command goes on. */
    @Test
    void aProcessThatIsStoppedWhileItPutsPartsTogetherGoesOn() throws Exception {
        TinyRun runs = new TinyRun(folder);
        Path one = folder.resolve("one");
        assertEquals(0, TinyRun.await(runs.start(command(runs.data, one))), () -> log(runs));
        for (String fault : List.of("CREATE_FILE", "WRITE_FILE", "FORCE_FILE", "MOVE_CHECKPOINT", "FORCE_RUN_FOLDER")) {
            Path out = Files.createDirectory(folder.resolve(fault));
            Files.copy(one.resolve("learnt-tokenizer.json"), out.resolve("learnt-tokenizer.json"));
            Map<String, String> faults = Map.of("JAVA_TOOL_OPTIONS", "-Dperdure.fault=" + fault + ":halt");
            assertEquals(137, TinyRun.await(runs.start(command(runs.data, out), faults)), () -> log(runs));
            assertFalse(Files.exists(out.resolve("tokens.json")));
            TinyRun.Result early = TinyRun.run(List.of("train", "--epochs", "1", "--data", out.toString()));
            assertEquals(2, early.exitCode());
            assertTrue(early.err().contains("not finished"), early.err());
            assertEquals(0, TinyRun.await(runs.start(command(runs.data, out))), () -> log(runs));
            assertEquals(sums(one), sums(out), () -> log(runs));
        }
    }

    private static String log(TinyRun runs) {
        try {
            return Files.readString(runs.log());
        } catch (IOException problem) {
            return problem.toString();
        }
    }

    private static List<String> command(Path data, Path out, String... more) {
        return Stream.concat(
                        Stream.of(
                                "tokenize",
                                "--data",
                                data.toString(),
                                "--out",
                                out.toString(),
                                "--vocab-size",
                                "300",
                                "--shard-tokens",
                                "1048576"),
                        Stream.of(more))
                .toList();
    }

    /** About 30 MB in one file, which are four blocks. */
    private Path text() throws IOException {
        Path file = folder.resolve("large.txt");
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (int i = 0; i < 700_000; i++) {
                writer.write("The fox number " + i * 31L + " sees dog number " + i + ".\n");
            }
        }
        return file;
    }

    /** Blocks that are finished. */
    private static long finished(Path out) throws IOException {
        long blocks = 0;
        try (Stream<Path> files = Files.walk(out)) {
            for (Path file : files.filter(each -> each.endsWith("parts.txt")).toList()) {
                blocks += Math.max(0, Files.readString(file).lines().count() - 1);
            }
        }
        return blocks;
    }

    private static Map<String, String> sums(Path out) throws IOException {
        Map<String, String> sums = new TreeMap<>();
        try (Stream<Path> files = Files.list(out)) {
            for (Path file : files.toList()) {
                sums.put(file.getFileName().toString(), Fingerprint.of(file));
            }
        }
        return sums;
    }
}
