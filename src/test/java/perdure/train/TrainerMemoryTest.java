package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

    /** Between two steps, and in the middle of one, when the gradients of its first micro-batch are there. */
    private final long[] before = new long[2];

    @Test
    @Timeout(300)
    void asManyNativeObjectsLiveAfterAnyNumberOfStepsAsBefore() throws Exception {
        Path run = folder.resolve("run");
        TinyTraining tiny = new TinyTraining(folder);
        tiny.epochs = 3;
        AtomicInteger questions = new AtomicInteger();
        tiny.stop = () -> {
            int question = questions.getAndIncrement();
            int ofEpoch = question % TinyTraining.QUESTIONS_IN_AN_EPOCH;
            int inside = ofEpoch < TinyTraining.QUESTIONS_IN_TRAINING ? ofEpoch % 2 : 0;
            // The first step and the first save, at the end of the first epoch, allocate buffers that stay.
            boolean afterSave = question / TinyTraining.QUESTIONS_IN_AN_EPOCH == 1 && ofEpoch < 2;
            if (afterSave && inside == 0) {
                awaitSave(run);
            }
            if (afterSave || question == 2 || question == 3) {
                before[inside] = LivePointers.settled();
            } else if (question > 3) {
                awaitNoMoreThan(before[inside], "at question " + question);
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
        // Not counted again after that: the save may have begun in between.
        for (long now; (now = Pointer.totalCount()) > before; Thread.onSpinWait()) {
            assertTrue(System.nanoTime() < end, when + ": " + before + " live native objects became " + now);
        }
    }
}
