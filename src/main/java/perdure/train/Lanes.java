package perdure.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import perdure.device.IntraOpThreads;
import perdure.device.NativeRuntime;
import perdure.model.ModelConfig;

/**
 * The threads that compute a step together. Its micro-batches are cut into leaves. Each leaf is computed by one thread,
 * with few library threads or one. So there is hardly a moment at which threads wait for each other, and a busy machine
 * delays only what it takes. Which thread computes what makes no difference to the result.
 */
public final class Lanes implements AutoCloseable {

    /** {@link #products} for which more than one thread is worth its waits. */
    private static final double FEWEST_PRODUCTS = 1 << 24;

    private final int leaves;
    private final int count;
    private final ExecutorService threads; // null: the calling thread

    private Lanes(int leaves, int count, ExecutorService threads) {
        this.leaves = leaves;
        this.count = count;
        this.threads = threads;
    }

    /** One leaf, computed by the calling thread with all of its library threads. */
    public static Lanes one() {
        return new Lanes(1, 1, null);
    }

    /**
     * @param leaves of a micro-batch; 1: the calling thread computes it
     * @param threads in all
     */
    public static Lanes of(int leaves, int threads) {
        if (leaves == 1) {
            return one();
        }
        int count = Math.min(leaves, threads);
        ExecutorService pool = Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(
                    () -> {
                        IntraOpThreads.limitThisThread(libraryThreads(leaves, threads));
                        task.run();
                    },
                    "perdure-lane");
            thread.setDaemon(true);
            return thread;
        });
        return new Lanes(leaves, count, pool);
    }

    /** Multiplications of a forward pass of a batch, about: each parameter once for each token. */
    public static double products(ModelConfig model, int rows, int context) {
        return (double) model.parameterCount() * rows * context;
    }

    /**
     * Into how many leaves a batch is cut on this machine. It does not depend on the number of threads.
     *
     * @param products {@link #products} of the batch
     */
    public static int leaves(double products, int rows) {
        double work = products / FEWEST_PRODUCTS;
        return work < 1 ? 1 : evenly(rows, (int) Math.min(2 * work, Math.max(2, NativeRuntime.physicalCores())));
    }

    /** The fewest leaves whose longest is as long as that of {@code most} leaves. */
    public static int evenly(int rows, int most) {
        int each = (rows + most - 1) / most;
        return (rows + each - 1) / each;
    }

    /** Threads inside a library's operation. More than one may change the bytes. */
    public static int libraryThreads(int leaves, int threads) {
        return Math.max(1, threads / leaves);
    }

    /** Into how many leaves a micro-batch is cut. */
    int leaves() {
        return leaves;
    }

    /**
     * Runs a task for each number from 0 to {@code tasks - 1}, and returns when all have ended. After a failure no other
     * one begins, and the first is thrown.
     */
    void run(int tasks, IntConsumer task) {
        if (threads == null) {
            for (int i = 0; i < tasks; i++) {
                task.accept(i);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        AtomicBoolean failed = new AtomicBoolean();
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (int lane = 0; lane < Math.min(count, tasks); lane++) {
            ends.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            for (int i = next.getAndIncrement();
                                    i < tasks && !failed.get();
                                    i = next.getAndIncrement()) {
                                task.accept(i);
                            }
                        } catch (RuntimeException | Error failure) {
                            failed.set(true);
                            throw failure;
                        }
                    },
                    threads));
        }
        Throwable first = null;
        for (CompletableFuture<Void> end : ends) {
            try {
                end.join();
            } catch (CompletionException failure) {
                first = first == null ? failure.getCause() : first;
            }
        }
        if (first instanceof Error error) {
            throw error;
        }
        if (first != null) {
            throw (RuntimeException) first;
        }
    }

    /** Ends the threads; they must not compute. */
    @Override
    public void close() {
        if (threads != null) {
            threads.shutdown();
        }
    }
}
