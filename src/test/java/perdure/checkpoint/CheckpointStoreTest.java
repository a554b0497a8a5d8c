package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.Restart.NoGoodCheckpointException;
import perdure.checkpoint.TrainerState.Best;
import perdure.checkpoint.TrainerState.Position;
import perdure.checkpoint.TrainerState.Validation;

class CheckpointStoreTest {

    @TempDir
    Path folder;

    private List<String> checkpoints() throws Exception {
        return CheckpointName.list(folder).stream()
                .map(CheckpointName::toString)
                .toList();
    }

    private Restart whole(long step) {
        Restart restart = Restart.find(folder);
        assertEquals(step, restart.checkpoint().step());
        assertTrue(Runs.isWhole(restart.checkpoint()));
        return restart;
    }

    @Test
    void keepsTheFirstCheckpointAtOrAfterEachMultiple() throws IOException {
        CheckpointStore store = Runs.store(folder).keepEvery(10);
        for (long step : new long[] {3, 9, 12, 15, 19, 20, 24, 29, 41, 43, 46, 48, 49}) {
            store.save(Runs.at(step, null));
        }
        assertEquals(
                List.of(49L, 48L, 41L, 20L, 12L),
                CheckpointName.list(folder).stream().map(CheckpointName::step).toList());
    }

    @Test
    void theBestCheckpointIsThatOfTheLeastValidationLoss() throws IOException {
        CheckpointStore store = Runs.store(folder);
        Validation validation = null;
        double[] losses = {3, 1, 2, 4, 5};
        for (int i = 0; i < losses.length; i++) {
            validation = Validation.after(validation, losses[i], 10 * (i + 1), 96);
            store.save(Runs.at(10 * (i + 1), new Best(5.0 - i, i), validation));
        }
        Meta meta = new MetaStore(folder).read();
        assertEquals("step-0000000020", meta.bestCheckpoint());
        assertEquals(1.0, meta.bestLoss());
        assertEquals(3, validation.since());
        assertEquals(
                List.of(50L, 40L, 20L),
                CheckpointName.list(folder).stream().map(CheckpointName::step).toList());
    }

    @Test
    void whatIsSavedIsFoundAgain() {
        Runs.store(folder).save(Runs.at(7));

        Restart restart = whole(7);
        assertEquals(List.of(), restart.warnings());
        assertEquals(new Position(0, 7, 7, 7 * 96, null), restart.position());
        assertEquals(Runs.at(7).state(), restart.checkpoint().state());
        assertNull(restart.best());
        assertEquals(new Meta(-1, null, "step-0000000007", 7L, null, null), new MetaStore(folder).read());
    }

    @Test
    void anEpochsEndIsTheBest() {
        Runs.store(folder).save(Runs.at(20));

        assertEquals(new Meta(1, 2.5, "step-0000000020", 20L, 1, "step-0000000020"), new MetaStore(folder).read());
        assertEquals(new Best(2.5, 1), whole(20).best());
    }

    @Test
    void keepsTheNewestAndTheBest() throws Exception {
        CheckpointStore store = Runs.store(folder);
        Best best = new Best(1.0, 0);
        for (long step : new long[] {3, 10, 15, 20, 25, 30}) {
            store.save(Runs.at(step, step < 10 ? null : best));
        }

        assertEquals(List.of("step-0000000030", "step-0000000025", "step-0000000010"), checkpoints());
        assertEquals("step-0000000010", new MetaStore(folder).read().bestCheckpoint());
        store.save(Runs.at(40, new Best(0.5, 3)));
        assertEquals(List.of("step-0000000040", "step-0000000030"), checkpoints());
        whole(40);
    }

    @Test
    void theSameStepSavedAgainIsANewCheckpoint() throws Exception {
        CheckpointStore store = Runs.store(folder);
        store.save(Runs.at(10));
        store.save(Runs.at(20));
        Path again = store.save(Runs.at(20));

        assertEquals("step-0000000020-1", again.getFileName().toString());
        assertEquals(List.of("step-0000000020-1", "step-0000000010"), checkpoints());
        whole(20);
    }

    @Test
    void goesBackToTheNewestGoodOneAndSaysWhatIsRepeated() throws Exception {
        saveAndDamageTheSecond(10, 25);

        Restart restart = whole(10);
        assertEquals(0, restart.lastEpoch());
        assertEquals(1, restart.warnings().size());
        String warning = restart.warnings().get(0);
        assertTrue(warning.contains("step-0000000025/model.safetensors: is missing"), warning);
        assertTrue(warning.endsWith("using step-0000000010, the newest good one; 15 steps are repeated."), warning);
    }

    @Test
    void savingAfterGoingBackClearsTheAbandonedOnes() throws Exception {
        saveAndDamageTheSecond(10, 25);

        Runs.store(folder).save(Runs.at(12));
        assertEquals(List.of("step-0000000012", "step-0000000010"), checkpoints());
        whole(12);
    }

    @Test
    void theBestOneStaysAfterGoingBackBehindABetterOne() throws Exception {
        saveAndDamageTheSecond(10, 20);
        theBestIsTheFirst();
    }

    @Test
    void theBestOneStaysThoughTheMetaFileWasLost() throws Exception {
        Runs.store(folder).save(Runs.at(10));
        Files.delete(folder.resolve(MetaStore.FILE));
        theBestIsTheFirst();
    }

    private void saveAndDamageTheSecond(long good, long bad) throws Exception {
        CheckpointStore store = Runs.store(folder);
        store.save(Runs.at(good));
        Files.delete(store.save(Runs.at(bad)).resolve("model.safetensors"));
    }

    private void theBestIsTheFirst() throws Exception {
        CheckpointStore store = Runs.store(folder);
        for (long step : new long[] {12, 14, 16}) {
            store.save(Runs.at(step));
        }
        assertEquals(List.of("step-0000000016", "step-0000000014", "step-0000000010"), checkpoints());
        assertEquals("step-0000000010", new MetaStore(folder).read().bestCheckpoint());
    }

    /** The history is forced first: a checkpoint that is found without its commit must not be ahead of it. */
    @Test
    void theHistoryIsDurableBeforeTheCheckpointIsThere() {
        List<FaultPoint> points = new ArrayList<>();
        Runs.store(folder, points::add).save(Runs.at(10));
        assertEquals(FaultPoint.FORCE_HISTORY, points.get(0));
    }

    @Test
    void withEveryCheckpointDamagedItRefusesAndChangesNothing() throws Exception {
        Runs.store(folder).save(Runs.at(10));
        Path config = folder.resolve("step-0000000010/config.json");
        Files.writeString(config, "{}");
        List<String> before = tree();

        String message = assertThrows(NoGoodCheckpointException.class, () -> Restart.find(folder))
                .getMessage();
        assertTrue(message.contains(config.toString()) && !message.contains("\n"), message);
        assertEquals(before, tree());
    }

    @Test
    void aRunThatExistsNeverStartsFromScratch() throws Exception {
        Runs.store(folder).save(Runs.at(10));

        Files.writeString(folder.resolve(MetaStore.FILE), "{\"last_epoch\":5}");
        assertEquals(0, whole(10).lastEpoch());
        Files.delete(folder.resolve(MetaStore.FILE));
        assertTrue(whole(10).warnings().get(0).contains("is missing"));
        DurableFiles.delete(folder.resolve("step-0000000010"));
        Files.writeString(folder.resolve(MetaStore.FILE), "{\"last_epoch\":0,\"checkpoint\":\"step-0000000010\"}");
        assertThrows(NoGoodCheckpointException.class, () -> Restart.find(folder));
    }

    @Test
    void theMetaFileDecidesWhichEpochIsNext() throws Exception {
        Runs.store(folder).save(Runs.at(105));
        Path meta = folder.resolve(MetaStore.FILE);
        Files.writeString(meta, Files.readString(meta).replace("\"last_epoch\" : 9", "\"last_epoch\" : 3"));

        Restart restart = whole(105);
        assertEquals(6, restart.plan(10).remaining());
        assertEquals(new Position(4, 0, 105, 105 * 96, 0L), restart.position());
        assertEquals(1, restart.warnings().size());
    }

    @Test
    void clearsWhatACrashLeftBehind() throws Exception {
        Files.createDirectories(folder.resolve("step-0000000005.1.tmp"));
        Files.writeString(folder.resolve("step-0000000005.1.tmp/config.json"), "half");
        Files.writeString(folder.resolve("current.meta.json.1.tmp"), "half");
        Files.writeString(folder.resolve("other.tmp"), "not ours");

        Runs.store(folder);
        assertEquals(List.of("loss_history.jsonl", "other.tmp"), tree());
    }

    @Test
    void refusesToKeepFewerThanTwo() {
        LossHistory history = LossHistory.open(folder, Runs.position(0));
        String message = assertThrows(IllegalArgumentException.class, () -> CheckpointStore.open(folder, 1, history))
                .getMessage();
        assertEquals("keep 1 is less than 2.", message);
    }

    @Test
    void refusesAFolderThatCannotBeWrittenInOneLine() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        for (Path each : List.of(file, file.resolve("below"))) {
            String message = assertThrows(IllegalArgumentException.class, () -> RunLock.acquire(each))
                    .getMessage();
            assertTrue(message.startsWith("The run folder " + each) && !message.contains("\n"), message);
        }
    }

    @Test
    void whatCannotBeSavedLeavesTheOneBefore() throws Exception {
        boolean[] full = {false};
        CheckpointStore store = Runs.store(folder, point -> {
            if (full[0] && point == FaultPoint.WRITE_FILE) {
                throw new IOException("No space left on device");
            }
        });
        store.save(Runs.at(10));
        full[0] = true;
        String message = assertThrows(UncheckedIOException.class, () -> store.save(Runs.at(20)))
                .getMessage();
        assertEquals("Step 20 could not be saved in " + folder + ": No space left on device", message);
        assertEquals(List.of("step-0000000010"), checkpoints());
        whole(10);

        full[0] = false;
        store.save(Runs.at(30));
        whole(30);
    }

    @Test
    void whatCannotBeDeletedDoesNotFailASaveThatIsCommitted() {
        CheckpointStore store = Runs.store(folder, point -> {
            if (point == FaultPoint.DELETE_OLD) {
                throw new UncheckedIOException(new IOException("Input/output error"));
            }
        });
        for (long step : new long[] {1, 2, 3}) {
            store.save(Runs.at(step));
        }
        whole(3);
    }

    private List<String> tree() throws Exception {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile)
                    .map(path -> folder.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }
}
