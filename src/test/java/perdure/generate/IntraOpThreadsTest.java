package perdure.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.device.NativeRuntime;

class IntraOpThreadsTest {
    @BeforeAll
    static void load() {
        NativeRuntime.load();
    }

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

    @Test
    void refusesLessThanOneThread() {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> IntraOpThreads.limitThisThread(0));
        assertEquals("--threads 0 is not a positive number.", refusal.getMessage());
    }

    private static int onANewThread(IntSupplier action) {
        return CompletableFuture.supplyAsync(action::getAsInt, task -> new Thread(task).start())
                .join();
    }
}
