package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.data.Fingerprint;
import perdure.safetensors.DamagedFileException;

/** Files of other versions of Perdure are read, or refused by name. They are never taken for damaged. */
class FormatTest {

    @TempDir
    Path folder;

    private Path newest;

    @BeforeEach
    void save() {
        CheckpointStore store = Runs.store(folder);
        store.save(Runs.at(10));
        newest = store.save(Runs.at(20));
    }

    private static void rewrite(Path file, UnaryOperator<String> change) throws IOException {
        String before = Files.readString(file);
        String after = change.apply(before);
        assertFalse(after.equals(before), file + " is as it was");
        Files.writeString(file, after);
    }

    /** Rewrites the manifest as the version that wrote it would have. */
    private static void seal(Path checkpoint) throws IOException {
        Map<String, Manifest.Entry> entries = new TreeMap<>();
        for (String name : Manifest.read(checkpoint).files().keySet()) {
            Path file = checkpoint.resolve(name);
            entries.put(name, new Manifest.Entry(Files.size(file), Fingerprint.of(file)));
        }
        Files.write(checkpoint.resolve(Manifest.FILE), Manifest.of(entries).toBytes());
    }

    private void rewriteState(UnaryOperator<String> change) throws IOException {
        rewrite(newest.resolve(Checkpoint.STATE), change);
        seal(newest);
    }

    private Map<String, String> tree() throws IOException {
        Map<String, String> sums = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.toList()) {
                sums.put(path.toString(), Files.isDirectory(path) ? "" : Fingerprint.of(path));
            }
        }
        return sums;
    }

    @Test
    void everyFileSaysItsFormat() throws Exception {
        for (Path file : List.of(
                newest.resolve(Checkpoint.STATE), newest.resolve(Manifest.FILE), folder.resolve(MetaStore.FILE))) {
            assertTrue(Files.readString(file).startsWith("{\n  \"format\" : 1,"), file::toString);
        }
        assertEquals("{\"format\":1}\n", Files.readString(folder.resolve(LossHistory.FILE)));
    }

    /** Adds a key to every object of the files. */
    @Test
    void keysOfALaterVersionAreIgnored() throws Exception {
        rewrite(folder.resolve(MetaStore.FILE), json -> json.replaceFirst("\\{", "{\"later\":[{}],"));
        rewriteState(json -> json.replace("{", "{\"later\":[{\"a\":null}],"));
        Restart restart = Restart.find(folder);

        assertEquals(20, restart.checkpoint().step());
        assertEquals(List.of(), restart.warnings());
        assertEquals(Runs.at(20).state(), restart.checkpoint().state());
    }

    @Test
    void aManifestOfALaterVersionMayHaveMoreKeys() throws Exception {
        Path file = newest.resolve(Manifest.FILE);
        String self = Json.parse(file, Files.readAllBytes(file)).get("self").asString();
        String zeros = "0".repeat(64);
        rewrite(file, json -> json.replace(self, zeros)
                .replace("\"size\"", "\"later\": 1, \"size\"")
                .replaceFirst("\\{", "{\"later\":{},"));
        rewrite(file, json -> json.replace(zeros, sha256(json)));
        assertEquals(20, Restart.find(folder).checkpoint().step());
    }

    private static String sha256(String text) {
        return new Fingerprint().add(text.getBytes()).hex();
    }

    @Test
    void whatVersionOneWroteIsRead() throws Exception {
        rewriteState(json -> json.replace("\"format\" : 1,", ""));
        Path manifest = newest.resolve(Manifest.FILE);
        rewrite(manifest, json -> json.replaceFirst("  \"self\".*\n", ""));
        rewrite(folder.resolve(MetaStore.FILE), json -> json.replace("\"format\" : 1,", ""));
        Files.writeString(folder.resolve(LossHistory.FILE), "");

        assertEquals(20, Restart.find(folder).checkpoint().step());
    }

    private void isRefused(Path file) throws IOException {
        Map<String, String> before = tree();
        String message = assertThrows(NewerFormatException.class, () -> {
                    Restart restart = Restart.find(folder);
                    LossHistory.open(folder, restart.position());
                })
                .getMessage();
        assertEquals(file + " has format 2; this version of Perdure reads up to 1. Use a newer version.", message);
        assertThrows(NewerFormatException.class, () -> Runs.store(folder));
        assertEquals(before, tree());
    }

    @Test
    void aNewerStateIsRefusedByName() throws Exception {
        rewriteState(json -> json.replace("\"format\" : 1", "\"format\" : 2").replace("\"position\"", "\"place\""));
        isRefused(newest.resolve(Checkpoint.STATE));
    }

    @Test
    void aNewerManifestIsRefusedByName() throws Exception {
        Path file = newest.resolve(Manifest.FILE);
        String zeros = "{\"self\":\"" + "0".repeat(64) + "\",\"format\":2,\"all\":\"different\"}";
        Files.writeString(file, zeros.replace("0".repeat(64), sha256(zeros)));
        isRefused(file);
    }

    @Test
    void aNewerMetaFileIsRefusedByName() throws Exception {
        Path file = folder.resolve(MetaStore.FILE);
        Files.writeString(file, "{\"format\":2,\"checkpoint\":{\"folder\":1}}");
        isRefused(file);
    }

    @Test
    void aNewerHistoryIsRefusedByName() throws Exception {
        Path file = folder.resolve(LossHistory.FILE);
        Files.writeString(file, "{\"format\":2}\n[21,0.5]\n");
        isRefused(file);
        assertThrows(NewerFormatException.class, () -> LossCurve.read(folder, 10));
    }

    @Test
    void aCheckpointThatAnotherVersionWroteIsNotDeleted() throws Exception {
        CheckpointStore store = Runs.store(folder);
        Path file = newest.resolveSibling("step-0000000010").resolve(Manifest.FILE);
        String zeros = "{\"self\":\"" + "0".repeat(64) + "\",\"format\":2}";
        Files.writeString(file, zeros.replace("0".repeat(64), sha256(zeros)));
        for (long step : new long[] {21, 22, 23}) {
            store.save(Runs.at(step, null));
        }
        assertTrue(Files.exists(file));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"position\" : | \"place\" : | has no position",
                "\"loss\" : { | \"lost\" : { | has no loss",
                "\"generators\" : | \"generator\" : | has no generators",
                "\"plan\" : | \"plans\" : | has no plan",
                "\"epoch_step\" : | \"epoch_stop\" : | epoch_step",
                "\"tokens\" : 1920 | \"token\" : 1920 | tokens",
                "\"step\" : 20 | \"step\" : \"20\" | position.step is \"20\"",
                "\"step\" : 20 | \"step\" : 20.5 | position.step is 20.5",
                "\"epoch\" : 2 | \"epoch\" : -1 | There is no position at epoch -1",
                "\"format\" : 1 | \"format\" : 0 | format is 0",
                "\"format\" : 1 | \"format\" : \"1\" | format is \"1\"",
                "\"format\" : 1 | \"format\" : 1, \"format\" : 1 | Duplicate",
            })
    void whatIsRequiredIsRefusedByFileAndKey(String before, String after, String expected) throws Exception {
        rewriteState(json -> json.replaceFirst(before.replace("{", "\\{"), after));
        String message = assertThrows(DamagedFileException.class, () -> Checkpoint.open(newest))
                .getMessage();
        assertTrue(message.startsWith(newest.resolve(Checkpoint.STATE) + ": "), message);
        assertTrue(message.contains(expected) && !message.contains("\n"), message);
    }

    @Test
    void whatIsNotRequiredHasADefault() throws Exception {
        rewriteState(json -> json.replace("\"best\"", "\"a\"")
                .replace("\"identity\"", "\"b\"")
                .replace("\"sessions\"", "\"c\""));
        TrainerState state = Checkpoint.open(newest).state();
        assertEquals(null, state.best());
        assertEquals(Map.of(), state.identity());
        assertEquals(List.of(), state.sessions());
    }

    @ParameterizedTest
    @ValueSource(strings = {"NOTES.txt", ".DS_Store", "folder"})
    void aStrangersFileIsAWarningAndItsFolderIsNeverDeleted(String name) throws Exception {
        Path stranger = newest.resolve(name);
        if (name.equals("folder")) {
            Files.createDirectory(stranger);
        } else {
            Files.createFile(stranger);
        }
        Restart restart = Restart.find(folder);
        assertEquals(20, restart.checkpoint().step());
        assertEquals(
                List.of(newest + " holds files that Perdure did not write (" + name
                        + "): the checkpoint is used anyway."),
                restart.warnings());

        CheckpointStore store = Runs.store(folder);
        List<String> expected = new ArrayList<>();
        for (long step : new long[] {21, 22, 23}) {
            expected.add(0, store.save(Runs.at(step, null)).getFileName().toString());
        }
        assertTrue(Files.exists(stranger));
        assertEquals(
                List.of(expected.get(0), expected.get(1), newest.getFileName().toString()), checkpoints());
    }

    @Test
    void aStrangersFileInAnAbandonedCheckpointKeepsItToo() throws Exception {
        Files.delete(newest.resolve(Checkpoint.WEIGHTS));
        Files.write(newest.resolve(Manifest.FILE), new byte[0]);
        Path notes = Files.createFile(newest.resolve("NOTES.txt"));
        Runs.store(folder).save(Runs.at(12));
        assertTrue(Files.exists(notes));
        Files.delete(notes);
        Runs.store(folder).save(Runs.at(13));
        assertFalse(Files.exists(newest));
    }

    private List<String> checkpoints() throws IOException {
        return CheckpointName.list(folder).stream()
                .map(CheckpointName::toString)
                .toList();
    }

    @Test
    void whatCannotBeReadIsNotDamaged() throws Exception {
        Path file = newest.resolve(Checkpoint.WEIGHTS);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(file), "run as a user who may read everything");
        UncheckedIOException problem = assertThrows(UncheckedIOException.class, () -> Restart.find(folder));
        assertTrue(problem.getMessage().contains(file.toString()), problem::getMessage);
    }
}
