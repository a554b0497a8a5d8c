package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LoadedNatives.class)
class IntraOpThreadsTest {
    @Test
    void limitsTheCallingThreadAloneAndForGood() {
        int before = torch.get_num_threads();
        int limited = onANewThread(() -> {
            IntraOpThreads.limitThisThread(before + 3);
            assertEquals(before, onANewThread(torch::get_num_threads), "a thread started later");
            return torch.get_num_threads();
        });
        assertEquals(before + 3, limited);
        assertEquals(before, torch.get_num_threads(), "a thread that had computed before");
    }

    /** How a sum is split over threads shows in its last bits: a trainer beside a limited thread sees none change. */
    @Test
    void leavesTheResultsOfAnotherThreadAsTheyAre() {
        try (PointerScope scope = new PointerScope()) {
            Tensor matrix = torch.randn(512, 512);
            List<Float> alone = results(matrix);
            AtomicBoolean done = new AtomicBoolean();
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Void> beside = CompletableFuture.runAsync(
                    () -> {
                        IntraOpThreads.limitThisThread(1);
                        while (!done.get()) {
                            results(matrix);
                            begun.countDown();
                        }
                    },
                    task -> new Thread(task).start());
            assertTrue(begun.await(60, TimeUnit.SECONDS));
            assertEquals(alone, results(matrix));
            done.set(true);
            beside.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Float> results(Tensor matrix) {
        try (PointerScope scope = new PointerScope()) {
            return Stream.iterate(matrix, product -> product.matmul(matrix).softmax(1))
                    .limit(5)
                    .map(product -> product.sum().item_float())
                    .toList();
        }
    }

    @Test
    void refusesLessThanOneThread() {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> IntraOpThreads.limitThisThread(0));
        assertEquals("thread count 0 is not a positive number.", refusal.getMessage());
    }

    private static int onANewThread(IntSupplier action) {
        return CompletableFuture.supplyAsync(action::getAsInt, task -> new Thread(task).start())
                .join();
    }
}
