package perdure.generate;

import java.util.concurrent.CompletableFuture;
import org.bytedeco.pytorch.global.torch;

/**
 * How many threads libtorch uses inside an operation that the calling Java thread starts.
 *
 * <p>{@code at::set_num_threads} does two things: it sets the count of the calling thread (OpenMP keeps it for each
 * thread, and MKL follows), and it sets the count that threads will start with when they first call libtorch. A
 * thread that already computes, the trainer's, is not changed; a later one would be. OpenBLAS, where it stands in for
 * MKL, keeps one count for the whole process: there only what is not a matrix product is limited.
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
        // Asking first matters: a thread's first question copies the process's count into it.
        int processWide = torch.get_num_threads();
        torch.set_num_threads(count);
        // join() of a future does not answer to interrupts: the count is always put back.
        CompletableFuture.runAsync(() -> torch.set_num_threads(processWide), task -> new Thread(task).start())
                .join();
    }
}
