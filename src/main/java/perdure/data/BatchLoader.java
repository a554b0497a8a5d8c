package perdure.data;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;

/**
 * Loads the micro-batches of a range of tokens. Row {@code k} of epoch {@code e} depends only on the seed, {@code e}
 * and {@code k}, and is found at constant cost. A batch is consecutive rows.
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
    private long nextRow;
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
        return (rows() + batchSize - 1) / batchSize;
    }

    /** Predictions per epoch, which is the number of tokens trained on. */
    public long predictions() {
        return range.predictions();
    }

    /** Rows per epoch: the windows that its text is cut into. */
    public long rows() {
        return order.plan(0).windows().count();
    }

    /**
     * The micro-batches of an optimizer step. The last step of an epoch may have fewer. While the caller works on a
     * micro-batch, another thread loads the next one. Which predictions a row holds does not depend on the batch size,
     * so that it may change inside an epoch.
     *
     * @param epoch index from zero
     * @param row index in the epoch, from zero, of the step's first row
     * @param accumulation micro-batches per step
     */
    public MicroBatches microBatches(int epoch, long row, int accumulation) {
        long end = Math.min(row + (long) accumulation * batchSize, rows());
        return new MicroBatches(
                firstRows(row, end).map(first -> tokensFrom(epoch, first)).sum(),
                () -> firstRows(row, end).mapToObj(first -> from(epoch, first)).iterator());
    }

    private LongStream firstRows(long row, long end) {
        return LongStream.iterate(row, first -> first < end, first -> first + batchSize);
    }

    /** Number of targets of a batch that are not padding. No token is read to find it. */
    public long tokens(int epoch, long index) {
        return tokensFrom(epoch, index * batchSize);
    }

    private long tokensFrom(int epoch, long first) {
        Plan plan = order.plan(epoch);
        return LongStream.range(first, first + rows(plan, first))
                .map(row -> plan.windows().length(plan.window(row)))
                .sum();
    }

    /** Rows of the batch that begins with that row. */
    private int rows(Plan plan, long first) {
        return (int) Math.min(batchSize, plan.windows().count() - first);
    }

    /**
     * A micro-batch by epoch and index, both from zero. The one after the last that was asked for is loaded already.
     *
     * @throws IndexOutOfBoundsException if there is no such batch
     * @throws IllegalStateException if the loader is closed, or the batch could not be loaded
     * @throws CancellationException if the thread is interrupted while it waits
     */
    public Batch batch(int epoch, long index) {
        return from(epoch, index * batchSize);
    }

    /** The micro-batch that begins with a row of the epoch. */
    private Batch from(int epoch, long first) {
        if (thread.isShutdown()) {
            throw new IllegalStateException("The batch loader is closed.");
        }
        long rows = rows();
        if (epoch < 0 || first < 0 || first >= rows) {
            throw new IndexOutOfBoundsException("There is no row " + first + " in epoch " + epoch + ".");
        }
        Batch batch = next != null && nextEpoch == epoch && nextRow == first ? await(next) : load(epoch, first);
        boolean last = first + batchSize >= rows;
        int followingEpoch = last ? epoch + 1 : epoch;
        long followingRow = last ? 0 : first + batchSize;
        next = thread.submit(() -> load(followingEpoch, followingRow));
        nextEpoch = followingEpoch;
        nextRow = followingRow;
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

    private Batch load(int epoch, long first) {
        Plan plan = order.plan(epoch);
        Windows windows = plan.windows();
        int rows = rows(plan, first);
        long[] ids = new long[Math.multiplyExact(rows, context)];
        long[] targets = new long[Math.multiplyExact(rows, context)];
        Arrays.fill(targets, Batch.IGNORED);
        long tokens = 0;
        for (int row = 0; row < rows; row++) {
            long window = plan.window(first + row);
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
