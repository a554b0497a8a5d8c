package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.TrainingProcess;
import perdure.checkpoint.MetaStore;
import perdure.device.LivePointers;
import perdure.train.Trainer.Outcome;

/** The loop leaves no native object behind: as many are live after N steps as before. */
class TrainerMemoryTest {
    @TempDir
    Path folder;

    private long before;

    @Test
    @Timeout(300)
    void asManyNativeObjectsLiveAfterAnyNumberOfStepsAsBefore() throws Exception {
        Path run = folder.resolve("run");
        TinyTraining tiny = new TinyTraining(folder);
        tiny.epochs = 3;
        AtomicInteger questions = new AtomicInteger();
        tiny.stop = () -> {
            int question = questions.getAndIncrement();
            // The first micro-batch and the first save, at the end of the first epoch, allocate buffers that stay.
            if (question == TinyTraining.QUESTIONS_IN_AN_EPOCH) {
                awaitSave(run);
                before = LivePointers.settled();
            } else if (question == 1) {
                before = LivePointers.settled();
            } else if (question > 1) {
                awaitNoMoreThan(before, "at question " + question);
            }
            return false;
        };
        assertEquals(Outcome.DONE, tiny.train(run));
        assertEquals(3 * TinyTraining.QUESTIONS_IN_AN_EPOCH, questions.get());
    }

    private static void awaitSave(Path run) {
        while (new MetaStore(run).read().step() == null) {
            TrainingProcess.pause(10);
        }
    }

    /** A save in the background has some for a moment. */
    private static void awaitNoMoreThan(long before, String when) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (Pointer.totalCount() > before && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        LivePointers.assertNoMoreThan(before, when);
    }
}
