package perdure.data;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Loads the micro-batches of a range of tokens. Batch {@code k} of epoch {@code e} depends only on the seed, {@code e}
 * and {@code k}, and is found at constant cost.
 *
 * <p>Each prediction of the range occurs exactly once per epoch. Every epoch has the same number of batches. The last
 * batch of an epoch may have fewer rows. While the caller works on a batch, another thread loads the next one. A loader
 * is for one calling thread.
 */
public final class BatchLoader implements AutoCloseable {

    private final TokenRange range;
    private final int context;
    private final int batchSize;
    private final Order order;
    private final ExecutorService thread;
    private int nextEpoch;
    private long nextIndex;
    private Future<Batch> next;

    /** The windows of an epoch, and the order in which they are visited. */
    record Plan(Windows windows, Permutation permutation) {
        private long window(long place) {
            return permutation == null ? place : permutation.at(place);
        }
    }

    interface Order {
        Plan plan(int epoch);
    }

    BatchLoader(TokenRange range, int context, int batchSize, Order order) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size " + batchSize + " is not a positive number.");
        }
        if (context < 1) {
            throw new IllegalArgumentException("context " + context + " is not a positive number.");
        }
        if (range.predictions() < 1) {
            throw new IllegalArgumentException("One token alone leaves nothing to predict.");
        }
        this.range = range;
        this.context = context;
        this.batchSize = batchSize;
        this.order = order;
        this.thread = Executors.newSingleThreadExecutor(task -> {
            Thread worker = new Thread(task, "batch-loader");
            worker.setDaemon(true);
            return worker;
        });
    }

    /**
     * For training: the borders of the windows and their order change from epoch to epoch.
     *
     * @param context tokens per row
     * @param batchSize rows per micro-batch
     * @throws IllegalArgumentException if a size is not positive, or the context is longer than the data
     */
    public static BatchLoader shuffled(TokenRange range, int context, int batchSize, long seed) {
        if (context > range.predictions()) {
            throw new IllegalArgumentException("context " + context + " is longer than the training data, which has "
                    + range.size() + " tokens (" + (context + 1L) + " are needed).");
        }
        return new BatchLoader(range, context, batchSize, epoch -> {
            Windows windows = Windows.of(range.predictions(), context, seed, epoch);
            return new Plan(windows, new Permutation(windows.count(), seed, epoch));
        });
    }

    /**
     * For evaluation: the same windows in every epoch, in the order of the text.
     *
     * @param context tokens per row
     * @param batchSize rows per micro-batch
     * @throws IllegalArgumentException if a size is not positive, or there is nothing to predict
     */
    public static BatchLoader sequential(TokenRange range, int context, int batchSize) {
        Plan plan = new Plan(Windows.sequential(range.predictions(), context), null);
        return new BatchLoader(range, context, batchSize, epoch -> plan);
    }

    /** Micro-batches per epoch. */
    public long batches() {
        return (order.plan(0).windows().count() + batchSize - 1) / batchSize;
    }

    /** Predictions per epoch, which is the number of tokens trained on. */
    public long predictions() {
        return range.predictions();
    }

    /**
     * The micro-batches of an optimizer step. The last step of an epoch may have fewer. While the caller works on a
     * micro-batch, another thread loads the next one.
     *
     * @param epoch index from zero
     * @param step index in the epoch, from zero
     * @param accumulation micro-batches per step
     */
    public MicroBatches microBatches(int epoch, long step, int accumulation) {
        long first = step * accumulation;
        long end = Math.min(first + accumulation, batches());
        return new MicroBatches(
                LongStream.range(first, end).map(index -> tokens(epoch, index)).sum(),
                () -> LongStream.range(first, end)
                        .mapToObj(index -> batch(epoch, index))
                        .iterator());
    }

    /** Number of targets of a batch that are not padding. No token is read to find it. */
    public long tokens(int epoch, long index) {
        Plan plan = order.plan(epoch);
        return IntStream.range(0, rows(plan, index))
                .mapToLong(row -> plan.windows().length(window(plan, index, row)))
                .sum();
    }

    private int rows(Plan plan, long index) {
        return (int) Math.min(batchSize, plan.windows().count() - index * batchSize);
    }

    /** The window that a row of a batch holds. */
    private long window(Plan plan, long index, int row) {
        return plan.window(index * batchSize + row);
    }

    /**
     * A micro-batch by epoch and index, both from zero. The one after the last that was asked for is loaded already.
     *
     * @throws IndexOutOfBoundsException if there is no such batch
     * @throws IllegalStateException if the loader is closed, or the batch could not be loaded
     * @throws CancellationException if the thread is interrupted while it waits
     */
    public Batch batch(int epoch, long index) {
        if (thread.isShutdown()) {
            throw new IllegalStateException("The batch loader is closed.");
        }
        if (epoch < 0 || index < 0 || index >= batches()) {
            throw new IndexOutOfBoundsException("There is no batch " + index + " in epoch " + epoch + ".");
        }
        Batch batch = next != null && nextEpoch == epoch && nextIndex == index ? await(next) : load(epoch, index);
        boolean last = index == batches() - 1;
        int followingEpoch = last ? epoch + 1 : epoch;
        long followingIndex = last ? 0 : index + 1;
        next = thread.submit(() -> load(followingEpoch, followingIndex));
        nextEpoch = followingEpoch;
        nextIndex = followingIndex;
        return batch;
    }

    private static Batch await(Future<Batch> batch) {
        try {
            return batch.get();
        } catch (InterruptedException exception) {
            Thread.currentThread().interrupt();
            throw new CancellationException("Interrupted while waiting for a batch.");
        } catch (ExecutionException exception) {
            throw new IllegalStateException("The next batch could not be loaded: " + exception.getCause(), exception);
        }
    }

    private Batch load(int epoch, long index) {
        Plan plan = order.plan(epoch);
        Windows windows = plan.windows();
        int rows = rows(plan, index);
        long[] ids = new long[Math.multiplyExact(rows, context)];
        long[] targets = new long[Math.multiplyExact(rows, context)];
        Arrays.fill(targets, Batch.IGNORED);
        long tokens = 0;
        for (int row = 0; row < rows; row++) {
            long window = window(plan, index, row);
            long start = range.from() + windows.start(window);
            int length = windows.length(window);
            for (int i = 0; i < length; i++) {
                ids[row * context + i] = range.file().id(start + i);
                targets[row * context + i] = range.file().id(start + i + 1);
            }
            tokens += length;
        }
        return new Batch(ids, targets, rows, context, tokens);
    }

    /** Ends the loading thread. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
