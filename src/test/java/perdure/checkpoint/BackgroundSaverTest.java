package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.device.LivePointers;

class BackgroundSaverTest {

    @TempDir
    Path folder;

    @Test
    void savesTheStateAsItWasThoughTrainingGoesOn() throws Exception {
        CountDownLatch trained = new CountDownLatch(1);
        CheckpointStore store = Runs.store(folder, point -> awaitQuietly(trained));
        try (BackgroundSaver saver = new BackgroundSaver(store)) {
            Snapshot live = Runs.at(20);
            assertTrue(saver.submit(live));
            live.weights().values().forEach(tensor -> tensor.zero_());
            assertFalse(saver.submit(live), "one save at a time");
            assertNull(saver.poll());
            trained.countDown();

            BackgroundSaver.Outcome outcome = saver.await();
            assertEquals(20, outcome.step());
            assertNull(outcome.failure());
            assertTrue(Runs.isWhole(Checkpoint.open(outcome.folder())));
            assertNull(saver.await());
            assertTrue(saver.submit(Runs.at(30)), "the next save after the first");
            assertEquals(30, saver.await().step());
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException problem) {
            throw new IllegalStateException(problem);
        }
    }

    @Test
    void aFailureWaitsUntilItIsAskedFor() throws Exception {
        CheckpointStore store = Runs.store(folder, point -> {
            throw new IOException("No space left on device");
        });
        try (BackgroundSaver saver = new BackgroundSaver(store)) {
            saver.submit(Runs.at(20));
            BackgroundSaver.Outcome outcome = saver.poll();
            while (outcome == null) {
                assertFalse(saver.submit(Runs.at(21)));
                Thread.sleep(5);
                outcome = saver.poll();
            }
            assertTrue(outcome.failure() instanceof UncheckedIOException, outcome::toString);
            assertNull(outcome.folder());
        }
    }

    @Test
    void noNativeMemoryStays() throws Exception {
        CheckpointStore store = Runs.store(folder);
        save(store, 0);
        long before = LivePointers.settled();
        for (int round = 1; round < 6; round++) {
            save(store, round);
        }
        LivePointers.assertNoMoreThan(before, "after five rounds of saves");
    }

    private static void save(CheckpointStore store, int round) {
        try (PointerScope scope = new PointerScope();
                BackgroundSaver saver = new BackgroundSaver(store)) {
            for (long step = 1; step <= 3; step++) {
                assertTrue(saver.submit(Runs.at(10L * round + step)));
                assertNull(saver.await().failure());
            }
        }
    }
}
