package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import perdure.device.NativeRuntime;

class LanesTest {

    @Test
    void everyTaskRunsOnce() {
        NativeRuntime.load();
        for (int threads : new int[] {1, 2, 3, 8}) {
            try (Lanes lanes = Lanes.of(4, threads)) {
                AtomicIntegerArray runs = new AtomicIntegerArray(100);
                lanes.run(100, runs::incrementAndGet);
                for (int i = 0; i < 100; i++) {
                    assertEquals(1, runs.get(i));
                }
            }
        }
    }

    @Test
    void threadsRunSideBySideWithFewLibraryThreads() {
        NativeRuntime.load();
        int before = torch.get_num_threads();
        Set<Integer> counts = ConcurrentHashMap.newKeySet();
        CountDownLatch both = new CountDownLatch(2);
        try (Lanes lanes = Lanes.of(2, 5)) {
            lanes.run(2, task -> {
                counts.add(torch.get_num_threads());
                both.countDown();
                await(both);
            });
        }
        assertEquals(Set.of(2), counts);
        assertEquals(before, torch.get_num_threads());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void afterAFailureNoOtherTaskBegins() {
        NativeRuntime.load();
        try (Lanes lanes = Lanes.of(2, 2)) {
            AtomicInteger begun = new AtomicInteger();
            IllegalStateException failure = assertThrows(
                    IllegalStateException.class,
                    () -> lanes.run(1_000_000, task -> {
                        begun.incrementAndGet();
                        throw new IllegalStateException("task " + task);
                    }));
            assertTrue(failure.getMessage().startsWith("task "), failure.getMessage());
            assertTrue(begun.get() <= 2, begun + " tasks began");
            lanes.run(2, task -> {});
        }
    }
}
