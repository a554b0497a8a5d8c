package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.RunComparison;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.Restart;
import perdure.status.TrainingProgress.State;
import perdure.train.Trainer.Outcome;

/** What a failed run saves and reports. */
class TrainerFailureTest {
    @TempDir
    Path folder;

    private Path runFolder;
    private TinyTraining tiny;

    @BeforeEach
    void prepare() throws Exception {
        tiny = new TinyTraining(folder);
        runFolder = folder.resolve("run");
    }

    @Test
    void anEpochIsSavedBeforeItsSampleIsMade() throws Exception {
        IllegalStateException failure = new IllegalStateException("no sample");
        tiny.sample = () -> {
            throw failure;
        };
        assertSame(failure, assertThrows(IllegalStateException.class, () -> tiny.train(runFolder)));

        assertReports("no sample");
        assertEquals(0, Restart.find(runFolder).lastEpoch());
        assertEquals(1, LossCurve.read(runFolder, 100).epochs().size());
        tiny.sample = () -> "text";
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        Path unbroken = folder.resolve("unbroken");
        assertEquals(Outcome.DONE, tiny.train(unbroken));
        assertTrue(RunComparison.of(unbroken, runFolder).isEqual());
    }

    @Test
    void anErrorEndsInFailedToo() {
        tiny.sample = () -> {
            throw new OutOfMemoryError("Java heap space");
        };
        assertThrows(OutOfMemoryError.class, () -> tiny.train(runFolder));
        assertReports("java.lang.OutOfMemoryError: Java heap space");
    }

    @Test
    void aFailureWithoutAMessageIsReportedByItsClass() {
        tiny.stop = () -> {
            throw new UnsupportedOperationException();
        };
        assertThrows(UnsupportedOperationException.class, () -> tiny.train(runFolder));
        assertReports("java.lang.UnsupportedOperationException");
    }

    @Test
    void aStateThatCannotBeLoadedEndsInFailed() throws Exception {
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        tiny.epochs = 3;
        tiny.hiddenSize *= 2;
        assertThrows(RuntimeException.class, () -> tiny.train(runFolder));
        assertEquals(State.FAILED, tiny.status().progress().state());
    }

    private void assertReports(String message) {
        assertEquals(State.FAILED, tiny.status().progress().state());
        assertFalse(tiny.status().running());
        assertEquals(message, tiny.status().progress().message());
    }
}
