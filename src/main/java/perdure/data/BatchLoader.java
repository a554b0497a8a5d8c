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
 * The micro-batches of a range of tokens: batch {@code k} of epoch {@code e} is a function of seed, {@code e} and
 * {@code k}, at constant cost.
 *
 * <p>Each prediction of the range occurs exactly once an epoch, and every epoch has the same number of batches; the last
 * may have fewer rows. While the caller works on a batch, another thread makes the one after it. For one calling thread.
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

    /** The epoch's windows and the order to visit them in. */
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
            throw new IllegalArgumentException("One token alone is nothing to predict.");
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
     * For training: windows whose borders move from epoch to epoch, in an order of each epoch's own.
     *
     * @throws IllegalArgumentException when the context is longer than the data
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

    /** For evaluation: the same windows in text order every epoch. */
    public static BatchLoader sequential(TokenRange range, int context, int batchSize) {
        Plan plan = new Plan(Windows.sequential(range.predictions(), context), null);
        return new BatchLoader(range, context, batchSize, epoch -> plan);
    }

    /** Number of batches of every epoch. */
    public long batches() {
        return (order.plan(0).windows().count() + batchSize - 1) / batchSize;
    }

    /** Number of tokens trained on in every epoch. */
    public long predictions() {
        return range.predictions();
    }

    /**
     * The micro-batches of an optimizer step, by epoch and step of that epoch, both from zero; the last step of an epoch
     * may have fewer. While the caller works on a micro-batch, another thread makes the next.
     *
     * @param accumulation micro-batches of a step
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

    /** How many tokens of a batch count; no token is read for it. */
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

    /** A batch by epoch and index, both from zero; at once when it is the one after the last that was asked for. */
    public Batch batch(int epoch, long index) {
        if (thread.isShutdown()) {
            throw new IllegalStateException("The batch loader is closed.");
        }
        if (epoch < 0 || index < 0 || index >= batches()) {
            throw new IndexOutOfBoundsException("No batch " + index + " in epoch " + epoch + ".");
        }
        Batch batch = next != null && nextEpoch == epoch && nextIndex == index ? await(next) : make(epoch, index);
        boolean last = index == batches() - 1;
        int followingEpoch = last ? epoch + 1 : epoch;
        long followingIndex = last ? 0 : index + 1;
        next = thread.submit(() -> make(followingEpoch, followingIndex));
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
            throw new IllegalStateException("The next batch could not be made: " + exception.getCause(), exception);
        }
    }

    private Batch make(int epoch, long index) {
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

    /** Ends the thread. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
