package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.RunComparison;
import perdure.bench.TrainingProcess;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.Restart;
import perdure.status.TrainingProgress.State;
import perdure.train.Trainer.Outcome;
import perdure.train.TrainingOptions.Limits;

/** What a failed run saves and reports. */
class TrainerFailureTest {
    @TempDir
    Path folder;

    Path runFolder;
    TinyTraining tiny;

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

    private static Limits skipping(long badSteps) {
        return new Limits(0, null, badSteps);
    }

    @Test
    void theStepsBeforeABadOneAreSaved() throws Exception {
        tiny.badSteps = Set.of(8L);
        for (int process = 0; process < 2; process++) {
            String message = assertThrows(Trainer.NotFiniteException.class, () -> tiny.train(runFolder))
                    .getMessage();
            assertEquals("The gradient norm at step 8 is NaN, and nothing was updated by it.", message);
            assertReports(message);
            assertEquals(7, Restart.find(runFolder).position().step());
        }
        tiny.badSteps = Set.of();
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        Path unbroken = folder.resolve("unbroken");
        assertEquals(Outcome.DONE, tiny.train(unbroken));
        assertTrue(RunComparison.of(unbroken, runFolder).isEqual());
    }

    @Test
    void badStepsAreSkippedAndARunThatResumesSkipsTheSame() throws Exception {
        tiny.badSteps = Set.of(3L, 8L, 13L);
        tiny.limits = skipping(3);
        Path unbroken = folder.resolve("unbroken");
        assertEquals(Outcome.DONE, tiny.train(unbroken));
        assertEquals(3, Restart.find(unbroken).position().skippedSteps());

        tiny.limits = skipping(1);
        String message = assertThrows(Trainer.NotFiniteException.class, () -> tiny.train(runFolder))
                .getMessage();
        assertTrue(message.endsWith("after 1 such steps that were skipped."), message);
        tiny.limits = skipping(3);
        int[] questions = {0};
        tiny.stop = () -> ++questions[0] > 5;
        assertEquals(Outcome.STOPPED, tiny.train(runFolder));
        tiny.stop = () -> false;
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        assertTrue(RunComparison.of(unbroken, runFolder).isEqual());
    }

    @Test
    void anEpochWithoutAGoodStepHasNoLoss() throws Exception {
        tiny.badSteps = LongStream.rangeClosed(1, TinyTraining.STEPS).boxed().collect(Collectors.toSet());
        tiny.limits = skipping(TinyTraining.STEPS);
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        assertEquals(1, Restart.find(runFolder).best().epoch());
        assertEquals(1, LossCurve.read(runFolder, 100).epochs().size());
    }

    @Test
    void aFailureInTheMiddleOfAStepKeepsTheStepsBefore() throws Exception {
        int[] questions = {0};
        tiny.stop = () -> {
            if (++questions[0] == 12) {
                throw new OutOfMemoryError("no memory");
            }
            return false;
        };
        assertThrows(OutOfMemoryError.class, () -> tiny.train(runFolder));
        assertEquals(5, Restart.find(runFolder).position().step());
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        Path unbroken = folder.resolve("unbroken");
        assertEquals(Outcome.DONE, tiny.train(unbroken));
        assertTrue(RunComparison.of(unbroken, runFolder).isEqual());
    }

    /** Takes the run folder away in the middle of the last epoch. */
    private void withoutFolder(Runnable later) {
        int[] questions = {0};
        tiny.stop = () -> {
            if (++questions[0] == TinyTraining.QUESTIONS_IN_AN_EPOCH + 5) {
                move(runFolder, folder.resolve("away"));
                new Thread(later).start();
            }
            return false;
        };
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private void awaitFailedSave() {
        while (tiny.status().progress().saved().failures() == 0) {
            TrainingProcess.pause(10);
        }
    }

    @Test
    void theLastSaveIsTriedAgainUntilItsFolderIsBack() throws Exception {
        withoutFolder(() -> {
            awaitFailedSave();
            move(folder.resolve("away"), runFolder);
        });
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        assertEquals(1, Restart.find(runFolder).lastEpoch());
        assertTrue(tiny.status().progress().saved().failures() > 0);
    }

    @Test
    void oneMoreRequestToStopGivesTheLastSaveUp() {
        withoutFolder(() -> {
            // Only a request after it was told counts, and when that is nobody can see from here.
            while (tiny.status().progress().state() != State.FAILED) {
                tiny.duringTraining.add();
                TrainingProcess.pause(100);
            }
        });
        String message = assertThrows(IllegalStateException.class, () -> tiny.train(runFolder))
                .getMessage();
        assertTrue(message.endsWith("no such file or folder"), message);
        assertReports(message);
    }

    private void assertReports(String message) {
        assertEquals(State.FAILED, tiny.status().progress().state());
        assertFalse(tiny.status().running());
        assertEquals(message, tiny.status().progress().message());
    }
}
