package perdure.checkpoint;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import perdure.device.LoadedNatives;

/** The run folder is renamed, deleted or made anew by somebody while it is trained in. */
@ExtendWith(LoadedNatives.class)
class ReplacedFolderTest {
    @TempDir
    Path folder;

    private Path run;
    private Path renamed;
    private RunLock lock;
    private LossHistory history;
    private CheckpointStore store;
    private Consumer<FaultPoint> reached = point -> {};

    @BeforeEach
    void aRunIsInProgress() {
        run = folder.resolve("run");
        renamed = folder.resolve("renamed");
        lock = RunLock.acquire(run);
        DurableFiles files = new DurableFiles(point -> reached.accept(point), lock);
        history = LossHistory.open(run, Runs.position(0), files);
        store = CheckpointStore.open(run, 2, history, files);
        store.save(Runs.at(1));
    }

    @AfterEach
    void itEnds() {
        lock.close();
        history.close();
    }

    /** As {@code mv run renamed; cp -r renamed run}. */
    private void replace() {
        try {
            Files.move(run, renamed);
            try (Stream<Path> tree = Files.walk(renamed)) {
                for (Path each : tree.toList()) {
                    Files.copy(each, run.resolve(renamed.relativize(each)));
                }
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private void putBack() throws IOException {
        DurableFiles.delete(run);
        Files.move(renamed, run);
    }

    private String refusal() {
        String message = assertThrows(UncheckedIOException.class, () -> store.save(Runs.at(2)))
                .getMessage();
        assertTrue(message.startsWith("Step 2 could not be saved in " + run + ": "), message);
        assertEquals(1, message.lines().count());
        return message;
    }

    private Map<String, String> content() {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> tree = Files.walk(run)) {
            for (Path file : tree.filter(Files::isRegularFile).toList()) {
                content.put(run.relativize(file).toString(), Files.readString(file, ISO_8859_1));
            }
            return content;
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private List<Long> steps() throws IOException {
        return CheckpointName.list(run).stream().map(CheckpointName::step).toList();
    }

    @Test
    void nothingIsWrittenToTheRunOfAnotherTrainer() throws Exception {
        replace();
        Process other = RunLockTest.Hold.start(run);
        try {
            Map<String, String> theirs = content();
            String message = refusal();
            assertTrue(message.contains("was replaced by that of process " + other.pid() + " on "), message);
            assertEquals(theirs, content());
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertTrue(refusal().contains("process " + other.pid()));
        putBack();
        store.save(Runs.at(2));
        assertEquals(List.of(2L, 1L), steps());
    }

    /** Between two operations of a save, whose next one then fails. */
    @ParameterizedTest
    @EnumSource(names = {"WRITE_FILE", "FORCE_FILE", "FORCE_RUN_FOLDER"})
    void nothingIsWrittenToItFromTheMiddleOfASaveOn(FaultPoint point) throws Exception {
        Map<String, String> theirs = new TreeMap<>();
        reached = now -> {
            if (now == point && theirs.isEmpty()) {
                replace();
                theirs.putAll(content());
            }
        };
        refusal();
        assertEquals(theirs, content());
    }

    @Test
    void aCopyIsNotWrittenToEitherUntilSomebodyAllowsIt() throws Exception {
        replace();
        Map<String, String> copy = content();
        Path file = run.resolve(RunLock.FILE);
        assertTrue(refusal().endsWith("or delete " + file + " to save in the folder that is there now"));
        assertEquals(copy, content());
        Files.delete(file);
        store.save(Runs.at(2));
        assertEquals(List.of(2L, 1L), steps());
    }

    @Test
    void aLockFileThatWasDeletedIsMadeAnewAndHeld() throws Exception {
        Files.delete(run.resolve(RunLock.FILE));
        store.save(Runs.at(2));
        assertThrows(AssertionError.class, () -> RunLockTest.Hold.start(run));
        assertArrayEquals(lock.content(), Files.readAllBytes(run.resolve(RunLock.FILE)));
    }

    @Test
    void aFolderThatIsGoneIsWrittenToWhenItIsMadeAnew() throws Exception {
        history.append(new LossCurve.Step(1, 0, 2.5, 0.1, 1, 64));
        String before = Files.readString(run.resolve(LossHistory.FILE));
        DurableFiles.delete(run);
        assertTrue(refusal().endsWith(" in " + run + ": " + run + ": no such file or folder"));
        Files.createDirectory(run);
        store.save(Runs.at(2));
        assertEquals(List.of(2L), steps());
        assertEquals(before, Files.readString(run.resolve(LossHistory.FILE)));
    }
}
