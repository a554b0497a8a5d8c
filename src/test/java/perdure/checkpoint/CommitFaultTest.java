package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** At every fault point that it reaches, a save is stopped, fails once, and fails for good. */
class CommitFaultTest {

    /** The checkpoints before the save. Two are kept at a time, so that the save also deletes one. */
    private static final long[] BEFORE = {10, 20};

    private static final long SAVED = 30;

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    /** Stands for the end of the process. Nothing catches it. */
    private static final class Stopped extends Error {
        private static final long serialVersionUID = 1;
    }

    /** Lets everything pass until it is armed, then acts at the n-th point from then on. */
    private static final class Fault implements FaultPoint.Hook {

        private final List<FaultPoint> reached = new ArrayList<>();
        private final int index;
        private final FaultPoint.Hook action;
        private final boolean forGood;
        private boolean armed;

        Fault(int index, boolean forGood, FaultPoint.Hook action) {
            this.index = index;
            this.forGood = forGood;
            this.action = action;
        }

        @Override
        public void reached(FaultPoint point) throws IOException {
            if (armed) {
                reached.add(point);
                int now = reached.size() - 1;
                if (now == index || forGood && now > index && point == reached.get(index)) {
                    action.reached(point);
                }
            }
        }
    }

    private static IOException failure(FaultPoint point) {
        return new IOException("fault at " + point);
    }

    private static CheckpointStore store(Path folder, Fault fault) {
        CheckpointStore store = Runs.store(folder, fault);
        for (long step : BEFORE) {
            store.save(Runs.at(step));
        }
        fault.armed = true;
        return store;
    }

    private static List<FaultPoint> pointsOfOneSave;

    static Stream<Integer> points() {
        Fault counting = new Fault(-1, false, point -> {});
        store(shared, counting).save(Runs.at(SAVED));
        pointsOfOneSave = counting.reached;
        return IntStream.range(0, pointsOfOneSave.size()).boxed();
    }

    @Test
    void aSaveReachesEveryPoint() {
        Set<FaultPoint> onlyAfterAFailedForce = EnumSet.of(FaultPoint.MOVE_HISTORY);
        points();
        assertEquals(EnumSet.complementOf(EnumSet.copyOf(onlyAfterAFailedForce)), EnumSet.copyOf(pointsOfOneSave));
    }

    @ParameterizedTest
    @MethodSource("points")
    void stoppedAnywhereTheRunIsWholeAndSavesAgain(int index) {
        Fault fault = new Fault(index, false, point -> {
            throw new Stopped();
        });
        CheckpointStore store = store(folder, fault);
        assertThrows(Stopped.class, () -> store.save(Runs.at(SAVED)));

        boolean committed = fault.reached.contains(FaultPoint.FORCE_META);
        Restart restart = Restart.find(folder);
        assertEquals(committed ? SAVED : 20, restart.checkpoint().step());
        assertTrue(Runs.isWhole(restart.checkpoint()));
        assertEquals(List.of(), restart.warnings());

        savesAgain();
    }

    @ParameterizedTest
    @MethodSource("points")
    void failedOnceAnywhereItSavesAllTheSame(int index) {
        Fault fault = new Fault(index, false, point -> {
            throw failure(point);
        });
        store(folder, fault).save(Runs.at(SAVED));

        Restart restart = Restart.find(folder);
        assertEquals(SAVED, restart.checkpoint().step());
        assertTrue(Runs.isWhole(restart.checkpoint()));
        assertEquals(List.of(), restart.warnings());
        savesAgain();
    }

    @ParameterizedTest
    @MethodSource("points")
    void failedForGoodAnywhereItSaysSoAndLeavesAWholeRun(int index) {
        Fault fault = new Fault(index, true, point -> {
            throw failure(point);
        });
        CheckpointStore store = store(folder, fault);
        FaultPoint failing = pointsOfOneSave.get(index);
        boolean saves = failing == FaultPoint.DELETE_OLD || failing == FaultPoint.FORCE_HISTORY;
        if (saves) {
            store.save(Runs.at(SAVED));
        } else {
            assertThrows(UncheckedIOException.class, () -> store.save(Runs.at(SAVED)));
        }

        // A meta file that is in place but not forced may survive or not.
        boolean inPlace = saves || failing == FaultPoint.FORCE_META;
        Restart restart = Restart.find(folder);
        assertEquals(inPlace ? SAVED : 20, restart.checkpoint().step());
        assertTrue(Runs.isWhole(restart.checkpoint()));
        assertTrue(Runs.isWhole(Checkpoint.open(folder.resolve("step-0000000020"))));

        fault.armed = false;
        store.save(Runs.at(40));
        assertEquals(40, Restart.find(folder).checkpoint().step());
        savesAgain();
    }

    /** Saves as another process would, and checks that nothing of the accident is left. */
    private void savesAgain() {
        assertDoesNotThrow(() -> {
            CheckpointStore store = Runs.store(folder);
            store.save(Runs.at(51));
            store.save(Runs.at(52));
            Restart restart = Restart.find(folder);
            assertEquals(52, restart.checkpoint().step());
            assertTrue(Runs.isWhole(restart.checkpoint()));
            try (Stream<Path> left = Files.list(folder)) {
                assertEquals(
                        List.of("current.meta.json", "loss_history.jsonl", "step-0000000051", "step-0000000052"),
                        left.map(path -> path.getFileName().toString())
                                .filter(name -> !name.matches("step-00000000[1-4]0(-\\d)?"))
                                .sorted()
                                .toList());
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"WRITE_FILE:halt:9, 0", "MOVE_CHECKPOINT:halt, 0", "MOVE_META:halt:3, 2", "FORCE_META:halt:2, 2"})
    void anotherProcessThatIsStoppedLeavesAWholeRun(String fault, int lastSaved) throws Exception {
        Process child = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-D" + FaultPoint.PROPERTY + "=" + fault,
                        "-cp",
                        System.getProperty("java.class.path"),
                        SaveForEver.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertEquals(137, child.waitFor());

        Long step = new MetaStore(folder).read().step();
        assertEquals(lastSaved, step == null ? 0 : step);
        if (lastSaved > 0) {
            assertTrue(Runs.isWhole(Restart.find(folder).checkpoint()));
        }
        savesAgain();
    }

    /** A process that saves one step after another. */
    static final class SaveForEver {

        private SaveForEver() {}

        public static void main(String[] arguments) {
            Path folder = Path.of(arguments[0]);
            LossHistory history = LossHistory.open(folder, Runs.position(0));
            CheckpointStore store = CheckpointStore.open(folder, 2, history);
            for (long step = 1; true; step++) {
                store.save(Runs.at(step));
            }
        }
    }
}
