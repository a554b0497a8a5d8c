package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.device.LoadedNatives;
import perdure.safetensors.DamagedFileException;

/** What a run resumes from if its folder is not as it was left. */
@ExtendWith(LoadedNatives.class)
class RestartTest {
    private static final String NEWEST = "step-0000000020";

    @TempDir
    Path folder;

    @TempDir
    Path elsewhere;

    private Path newest;
    private Path meta;

    @BeforeEach
    void twoCheckpoints() {
        CheckpointStore store = Runs.store(folder, point -> {});
        store.save(Runs.at(10));
        store.save(Runs.at(20));
        newest = folder.resolve(NEWEST);
        meta = new MetaStore(folder).file();
    }

    private void assertUnreadable(String reason) {
        UncheckedIOException problem = assertThrows(UncheckedIOException.class, () -> Restart.find(folder));
        assertFalse(problem instanceof DamagedFileException, problem.getMessage());
        assertTrue(
                problem.getMessage().contains(NEWEST) && problem.getMessage().contains(reason), problem.getMessage());
    }

    /** A link that leads to itself cannot be read by anyone, root included. */
    @ParameterizedTest
    @ValueSource(strings = {Manifest.FILE, Checkpoint.WEIGHTS, Checkpoint.STATE})
    void aFileThatCannotBeReadIsNotDamaged(String name) throws IOException {
        Files.delete(newest.resolve(name));
        Files.createSymbolicLink(newest.resolve(name), Path.of(name));
        assertUnreadable(name);
    }

    @Test
    void aFileThatIsMissingIsDamaged() throws IOException {
        Files.delete(newest.resolve(Checkpoint.WEIGHTS));
        Restart restart = Restart.find(folder);
        assertEquals(10, restart.checkpoint().step());
        assertTrue(restart.warnings().get(0).contains("10 steps are repeated"), restart.warnings()::toString);
    }

    @Test
    void aCheckpointMayLieOnAnotherDisk() throws IOException {
        Path moved = elsewhere.resolve(NEWEST);
        Files.move(newest, moved);
        Files.createSymbolicLink(newest, moved);
        Restart restart = Restart.find(folder);
        assertEquals(NEWEST, restart.checkpoint().name());
        assertEquals(List.of(), restart.warnings());

        CheckpointStore store = Runs.store(folder, point -> {});
        store.save(Runs.at(30));
        store.save(Runs.at(40));
        assertFalse(Files.exists(newest), "an old checkpoint");
        assertTrue(Files.exists(moved), "what is not in the run folder is not deleted");
    }

    @Test
    void aDiskThatIsNotMountedIsNotDamaged() throws IOException {
        DurableFiles.delete(newest);
        Files.createSymbolicLink(newest, elsewhere.resolve("gone"));
        assertUnreadable("gone, which is missing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\0\0\0\0", "{\"last_epoch\":", "<html>"})
    void aBrokenMetaFileIsMadeAnewFromTheNewestCheckpoint(String content) throws IOException {
        Meta before = new MetaStore(folder).read();
        Files.writeString(meta, content);
        assertEquals(before, new MetaStore(folder).read());
        Restart restart = Restart.find(folder);
        assertEquals(NEWEST, restart.checkpoint().name());
        assertEquals(1, restart.warnings().size(), restart.warnings()::toString);
        assertTrue(restart.warnings().get(0).startsWith(meta + ": is "), restart.warnings()::toString);

        Runs.store(folder, point -> {}).save(Runs.at(30));
        assertNull(new MetaStore(folder).damage());
    }

    @Test
    void aBrokenMetaFileBesideADamagedCheckpointTakesTheOneBefore() throws IOException {
        Files.writeString(meta, "");
        Files.write(newest.resolve(Checkpoint.WEIGHTS), new byte[3]);
        assertEquals(10, Restart.find(folder).checkpoint().step());
        Files.delete(newest.resolve(Checkpoint.STATE));
        assertEquals(10, Restart.find(folder).checkpoint().step());
    }
}
