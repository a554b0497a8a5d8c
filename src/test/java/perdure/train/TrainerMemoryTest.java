package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.train.Trainer.Outcome;

/** The loop leaves no native object behind: as many are live after N steps as before. */
class TrainerMemoryTest {
    @TempDir
    Path folder;

    @Test
    void asManyNativeObjectsLiveAfterAnyNumberOfStepsAsBefore() throws Exception {
        TinyTraining tiny = new TinyTraining(folder);
        tiny.epochs = 3;
        List<Long> live = new ArrayList<>();
        tiny.stop = () -> {
            live.add(settled(live.isEmpty() ? Long.MAX_VALUE : live.get(live.size() - 1)));
            return false;
        };
        // Objects that other tests left to the garbage collector are freed first.
        System.gc();
        Thread.sleep(200);
        assertEquals(Outcome.DONE, tiny.train(folder.resolve("run")));

        int epoch = TinyTraining.QUESTIONS_IN_AN_EPOCH;
        assertEquals(3 * epoch, live.size());
        // The first micro-batch and the first save, at the end of the first epoch, allocate buffers that stay.
        assertAllEqual(live.subList(1, epoch));
        assertAllEqual(live.subList(epoch, 3 * epoch));
    }

    /** The live objects, once there are at most so many: a save in the background has some for a moment. */
    private static long settled(long most) {
        long deadline = System.nanoTime() + 2_000_000_000L;
        while (Pointer.totalCount() > most && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        return Pointer.totalCount();
    }

    private static void assertAllEqual(List<Long> counts) {
        assertEquals(Collections.nCopies(counts.size(), counts.get(0)), counts);
    }
}
