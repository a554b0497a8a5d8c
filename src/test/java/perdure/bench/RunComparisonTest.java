package perdure.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Runs;
import perdure.device.NativeRuntime;

class RunComparisonTest {

    @BeforeAll
    static void load() {
        NativeRuntime.load();
    }

    @TempDir
    Path first;

    @TempDir
    Path second;

    private RunComparison compare() {
        return RunComparison.of(first, second);
    }

    @Test
    void equalRunsAreEqual() {
        Runs.store(first).save(Runs.at(20));
        Runs.store(second).save(Runs.at(10));
        Runs.store(second).save(Runs.at(20));

        assertTrue(compare().isEqual());
        assertEquals(
                List.of("model.safetensors", "optimizer.safetensors", "loss_history.jsonl"),
                compare().files().stream().map(RunComparison.Pair::name).toList());
    }

    @Test
    void saysWhichFileDiffersFromWhere() throws Exception {
        Runs.store(first).save(Runs.at(20));
        Runs.store(second).save(Runs.at(20));
        Files.writeString(second.resolve(LossHistory.FILE), "{}\n", StandardOpenOption.APPEND);

        assertFalse(compare().isEqual());
        assertEquals(
                List.of(-1L, -1L, 13L),
                compare().files().stream().map(RunComparison.Pair::mismatch).toList());
        assertEquals("line 2: none against {}", compare().files().get(2).difference());
    }

    @Test
    void anotherStepIsNotEqual() {
        Runs.store(first).save(Runs.at(20));
        Runs.store(second).save(Runs.at(21));
        RunComparison.Pair weights = compare().files().get(0);
        assertFalse(weights.isEqual());
        assertTrue(
                weights.difference().matches("[ab]\\.weight at 0: -?20.0 against -?21.0; 2 of 3 tensors differ"),
                weights::difference);
        assertFalse(compare().files().get(1).isEqual());
    }

    @Test
    void aRunThatHasSavedNothingCannotBeCompared() {
        Runs.store(first).save(Runs.at(20));
        assertThrows(IllegalStateException.class, this::compare);
    }
}
