package perdure.device;

import java.util.concurrent.CompletableFuture;
import org.bytedeco.pytorch.global.torch;

/**
 * How many threads libtorch uses inside an operation that the calling Java thread starts.
 *
 * <p>{@code at::set_num_threads} does two things. It sets the count of the calling thread (OpenMP keeps one per thread,
 * and MKL follows). It also sets the count for threads that call libtorch for the first time later. Threads that
 * already compute, such as the trainer's, keep theirs. OpenBLAS, where it replaces MKL, has one count for the whole
 * process, so there only operations other than matrix products are limited.
 */
public final class IntraOpThreads {
    private IntraOpThreads() {}

    /**
     * Limits the calling thread to {@code count}; no other thread, running or started later, sees a change.
     *
     * @throws IllegalArgumentException if the count is below one
     */
    public static synchronized void limitThisThread(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("thread count " + count + " is not a positive number.");
        }
        // The order matters: a thread's first call copies the count of the process into the thread.
        int processWide = torch.get_num_threads();
        torch.set_num_threads(count);
        // join() of a future ignores interrupts, so the count is always restored.
        CompletableFuture.runAsync(() -> torch.set_num_threads(processWide), task -> new Thread(task).start())
                .join();
    }
}
