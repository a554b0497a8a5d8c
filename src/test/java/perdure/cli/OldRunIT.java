package perdure.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.bench.RunComparison;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.MetaStore;
import perdure.data.Fingerprint;

/** A run folder that an earlier version left in the middle of an epoch is carried on to its end. */
class OldRunIT {
    private static final Path RUNS = Path.of("src", "test", "resources", "runs");

    private static final List<String> FLAGS = List.of(
            ("train --no-server --device cpu --threads 1 --epochs 3 --steps-per-epoch 20 --vocab-size 256 --layers 1"
                            + " --heads 2 --hidden-size 16 --context 16 --batch-size 4 --dropout 0.1 --warmup-steps 5")
                    .split(" "));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = "0.1.0")
    void isCarriedOn(String version) throws IOException, InterruptedException {
        copy(RUNS.resolve(version), folder);
        carryOn(folder);
        BytesOnRecord.verify("old-" + version, folder.resolve("run"));
    }

    /** As if a later version had written the run, with keys that this one does not know. */
    @ParameterizedTest
    @ValueSource(strings = "0.1.0")
    void isCarriedOnWithKeysOfALaterVersion(String version) throws IOException, InterruptedException {
        Path plain = folder.resolve("plain");
        copy(RUNS.resolve(version), plain);
        carryOn(plain);
        Path later = folder.resolve("later");
        copy(RUNS.resolve(version), later);
        Path history = later.resolve("run").resolve(LossHistory.FILE);
        addKeys(later.resolve("run"));
        String before = Files.readString(history);
        carryOn(later);

        assertTrue(Files.readString(history).startsWith(before));
        RunComparison comparison = RunComparison.of(plain.resolve("run"), later.resolve("run"));
        assertEquals(
                List.of(true, true, false),
                comparison.files().stream().map(RunComparison.Pair::isEqual).toList());
    }

    /** Not with an older checkpoint, and without a change: the run is whole. */
    @Test
    void aRunOfAHigherFormatEndsTheCommand() throws IOException {
        copy(RUNS.resolve("0.1.0"), folder);
        Path runFolder = folder.resolve("run");
        Path state = runFolder.resolve("step-0000000030").resolve("trainer_state.json");
        Files.writeString(state, Files.readString(state).replaceFirst("\\{", "{\"format\":2,"));
        writeManifest(state.getParent());
        Map<String, String> before = sums(runFolder);

        for (List<String> command : List.of(
                train(folder),
                List.of("serve", "--port", "0", "--checkpoints", runFolder.toString()),
                List.of("generate", "--text", "A", "--checkpoints", runFolder.toString()))) {
            TinyRun.Result result = TinyRun.run(command);
            assertEquals(1, result.exitCode(), result::err);
            assertTrue(
                    result.err()
                            .contains("perdure: " + state
                                    + " has format 2; this version of Perdure reads up to 1. Use a newer version."),
                    result::err);
            assertEquals(before, sums(runFolder));
        }
    }

    /** SHA-256 of each file; the lock is no part of the run. */
    private static Map<String, String> sums(Path runFolder) throws IOException {
        Map<String, String> sums = new TreeMap<>();
        try (Stream<Path> tree = Files.walk(runFolder)) {
            for (Path file : tree.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("run.lock"))
                    .toList()) {
                sums.put(file.toString(), Fingerprint.of(file));
            }
        }
        return sums;
    }

    private static List<String> train(Path folder) {
        return Stream.concat(
                        FLAGS.stream(),
                        Stream.of(
                                "--data",
                                folder.resolve("text.txt").toString(),
                                "--checkpoints",
                                folder.resolve("run").toString()))
                .toList();
    }

    private static void carryOn(Path folder) throws IOException, InterruptedException {
        TinyRun run = new TinyRun(Files.createDirectory(folder.resolve("work")));
        Path runFolder = folder.resolve("run");
        Process process = run.start(train(folder));
        assertEquals(0, TinyRun.await(process), Files.readString(run.log()));

        String said = Files.readString(run.log());
        assertFalse(said.contains("damaged"), said);
        assertEquals(60, new MetaStore(runFolder).read().step(), said);
    }

    /** To every file and line that is an object, but for the tokenizer, whose bytes are what the run is compared by. */
    private static void addKeys(Path runFolder) throws IOException {
        try (Stream<Path> tree = Files.walk(runFolder)) {
            for (Path file :
                    tree.filter(path -> path.toString().matches(".*\\.jsonl?")).toList()) {
                String name = file.getFileName().toString();
                if (name.equals("manifest.json") || name.equals("tokenizer.json")) {
                    continue;
                }
                String start = name.equals(LossHistory.FILE) ? "{\"format\":1,\"later\":[]}\n" : "";
                Pattern objects = Pattern.compile("^\\{", Pattern.MULTILINE);
                String more = objects.matcher(Files.readString(file)).replaceAll("{\"later\":{\"a\":[null,1.5]},");
                Files.writeString(file, start + more);
            }
        }
        for (String checkpoint : List.of("step-0000000020", "step-0000000030")) {
            writeManifest(runFolder.resolve(checkpoint));
        }
    }

    /** Guarded by {@code self}, as every later version must. */
    private static void writeManifest(Path checkpoint) throws IOException {
        List<String> entries = new ArrayList<>();
        for (Path file : list(checkpoint)) {
            entries.add("\"" + file.getFileName() + "\":{\"sha256\":\"" + Fingerprint.of(file)
                    + "\",\"mode\":420,\"size\":" + Files.size(file) + "}");
        }
        String zeros = "0".repeat(64);
        String manifest =
                "{\"later\":1,\"files\":{" + String.join(",", entries) + "},\"self\":\"" + zeros + "\",\"format\":1}";
        String self = new Fingerprint().add(manifest.getBytes(UTF_8)).hex();
        Files.writeString(checkpoint.resolve("manifest.json"), manifest.replace(zeros, self));
    }

    private static List<Path> list(Path checkpoint) throws IOException {
        try (Stream<Path> files = Files.list(checkpoint)) {
            return files.filter(file -> !file.endsWith("manifest.json")).toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path each : tree.filter(Files::isRegularFile).toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                Files.createDirectories(target.getParent());
                Files.copy(each, target);
            }
        }
    }
}
