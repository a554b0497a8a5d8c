package perdure.data;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import perdure.data.Sequences.Packing;
import perdure.tokenizer.Tokenizer;

/**
 * Loads the micro-batches of a range of tokens. Row {@code k} of epoch {@code e} depends only on the seed, {@code e}
 * and {@code k}, and is found at the cost of O(log n). A batch is consecutive rows.
 *
 * <p>Each prediction occurs exactly once per epoch. Every epoch has the same number of batches. The last
 * batch of an epoch may have fewer rows. While the caller works on a batch, another thread loads the next one. A loader
 * is for one calling thread.
 */
public final class BatchLoader implements AutoCloseable {

    private static final String NO_GROUPS =
            "text is read in groups of shards if it is cut; documents that share a row come from anywhere.";

    private final TokenRange range;
    private final Sequences sequences;
    private final int context;
    private final int batchSize;
    private final Order order;
    private final ExecutorService thread;
    private int nextEpoch;
    private long nextRow;
    private Future<Batch> next;

    /**
     * What the loss of an epoch counts.
     *
     * @param tokens that are predicted
     * @param bytes of UTF-8 text in them, for bits per byte; special tokens have none
     */
    public record Counted(long tokens, long bytes) {}

    interface Order {
        Rows rows(int epoch);
    }

    BatchLoader(TokenRange range, Sequences sequences, int context, int batchSize, Order order) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size " + batchSize + " is not a positive number.");
        }
        if (context < 1) {
            throw new IllegalArgumentException("context " + context + " is not a positive number.");
        }
        if (range.predictions() < 1) {
            throw new IllegalArgumentException("One token alone leaves nothing to predict.");
        }
        if (range.counted(1, range.size(), sequences.loss()) == 0
                || order.rows(0).count() == 0) {
            throw new IllegalArgumentException(
                    "there is nothing to learn: no assistant says anything. The loss on all tokens counts every one.");
        }
        this.sequences = sequences;
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

    /** As {@link #shuffled(TokenRange, Sequences, int, int, Shuffling)}, each row from anywhere. */
    public static BatchLoader shuffled(TokenRange range, Sequences sequences, int context, int batchSize, long seed) {
        return shuffled(range, sequences, context, batchSize, new Shuffling(seed, 0));
    }

    /**
     * The order of rows in training.
     *
     * @param group shards whose rows are mixed with each other, while the next rows are read: {@link
     *     GroupedPermutation}; 0: each row comes from anywhere
     */
    public record Shuffling(long seed, long group) {

        private LongUnaryOperator order(Windows windows, long windowsOfShard, int epoch) {
            return group == 0
                    ? new Permutation(windows.count(), seed, epoch)::at
                    : new GroupedPermutation(windows.count(), windowsOfShard, group, seed, epoch)::at;
        }
    }

    /**
     * For training: the borders of windows or the company of documents, and the order, change from epoch to epoch.
     *
     * @param context tokens per row
     * @param batchSize rows per micro-batch
     * @throws IllegalArgumentException if a size is not positive, if the context is longer than text that is cut into
     *     windows, if no token counts, or if documents that share rows are to be read in groups of shards
     */
    public static BatchLoader shuffled(
            TokenRange range, Sequences sequences, int context, int batchSize, Shuffling shuffling) {
        long seed = shuffling.seed();
        if (sequences.packing() == Packing.DOCUMENTS) {
            if (shuffling.group() > 0) {
                throw new IllegalArgumentException(NO_GROUPS);
            }
            Packs packs = new Packs(range, context, sequences.loss());
            return new BatchLoader(range, sequences, context, batchSize, epoch -> packs.shuffled(seed, epoch));
        }
        if (context > range.predictions()) {
            throw new IllegalArgumentException("context " + context + " is longer than the training data, which has "
                    + range.size() + " tokens (" + (context + 1L) + " are needed).");
        }
        return new BatchLoader(range, sequences, context, batchSize, epoch -> {
            Windows windows = Windows.of(range.predictions(), context, seed, epoch);
            return Rows.of(
                    windows, shuffling.order(windows, Math.max(1, range.file().shard() / context), epoch));
        });
    }

    /**
     * For evaluation: the same rows in every epoch, windows in the order of the text.
     *
     * @param context tokens per row
     * @param batchSize rows per micro-batch
     * @throws IllegalArgumentException if a size is not positive, or if no token counts
     */
    public static BatchLoader sequential(TokenRange range, Sequences sequences, int context, int batchSize) {
        Rows rows = sequences.packing() == Packing.DOCUMENTS
                ? new Packs(range, context, sequences.loss()).sequential()
                : Rows.of(Windows.sequential(range.predictions(), context), place -> place);
        return new BatchLoader(range, sequences, context, batchSize, epoch -> rows);
    }

    /** Micro-batches per epoch. */
    public long batches() {
        return (rows() + batchSize - 1) / batchSize;
    }

    /** Rows per epoch. */
    public long rows() {
        return order.rows(0).count();
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
        return microBatches(epoch, row, accumulation, 0, 1);
    }

    /**
     * The same, of a rank: those of an optimizer step are shared evenly, and each rank has some that follow each other.
     *
     * @param rank from 0
     * @param world number of ranks, a divisor of {@code accumulation}
     */
    public MicroBatches microBatches(int epoch, long row, int accumulation, int rank, int world) {
        int count = accumulation / world;
        long stepRows = (long) accumulation * batchSize;
        long before = (long) rank * count * batchSize;
        long end = Math.min(row + stepRows, rows());
        long ownEnd = Math.min(row + before + (long) count * batchSize, end);
        Rows rows = order.rows(epoch);
        long tokens =
                LongStream.range(row, end).map(each -> counted(rows, each)).sum();
        return new MicroBatches(tokens, rank * count, count, () -> LongStream.iterate(
                        row + before, first -> first < ownEnd, first -> first + batchSize)
                .mapToObj(first -> {
                    boolean last = first + batchSize >= ownEnd;
                    return from(epoch, first, last ? row + stepRows + before : first + batchSize, before);
                })
                .iterator());
    }

    /** Number of targets of a row that count. No token is read to find it. */
    private long counted(Rows rows, long row) {
        return rows.row(row).stream().mapToLong(this::counted).sum();
    }

    private long counted(Rows.Piece piece) {
        long first = piece.start() + 1;
        return range.counted(first, first + piece.length(), sequences.loss());
    }

    /** Rows of the batch that begins with that row. */
    private int rows(Rows rows, long first) {
        return (int) Math.min(batchSize, rows.count() - first);
    }

    /**
     * A micro-batch by epoch and index, both from zero. The one after the last that was asked for is loaded already.
     *
     * @throws IndexOutOfBoundsException if there is no such batch
     * @throws IllegalStateException if the loader is closed, or the batch could not be loaded
     * @throws CancellationException if the thread is interrupted while it waits
     */
    public Batch batch(int epoch, long index) {
        return from(epoch, index * batchSize, (index + 1) * batchSize, 0);
    }

    /**
     * The micro-batch that begins with a row of the epoch.
     *
     * @param following row that the next one begins with, if the epoch has it
     * @param inNextEpoch that row if the epoch does not
     */
    private Batch from(int epoch, long first, long following, long inNextEpoch) {
        if (thread.isShutdown()) {
            throw new IllegalStateException("The batch loader is closed.");
        }
        long rows = rows();
        if (epoch < 0 || first < 0 || first >= rows) {
            throw new IndexOutOfBoundsException("There is no row " + first + " in epoch " + epoch + ".");
        }
        Batch batch = next != null && nextEpoch == epoch && nextRow == first ? await(next) : load(epoch, first);
        boolean last = following >= rows;
        int followingEpoch = last ? epoch + 1 : epoch;
        long followingRow = last ? Math.min(inNextEpoch, rows - 1) : following;
        next = thread.submit(() -> load(followingEpoch, followingRow));
        nextEpoch = followingEpoch;
        nextRow = followingRow;
        return batch;
    }

    /**
     * Loads the micro-batch that begins with a row of the epoch, so that what is wrong with its tokens is known now.
     *
     * @throws DamagedTokensException with one line that names the file, if a shard is not what it was
     */
    public BatchLoader ready(int epoch, long row) {
        try {
            if (row < rows()) {
                next = thread.submit(() -> load(epoch, row));
                nextEpoch = epoch;
                nextRow = row;
                await(next);
            }
            return this;
        } catch (RuntimeException | Error problem) {
            close();
            throw problem;
        }
    }

    private static Batch await(Future<Batch> batch) {
        try {
            return batch.get();
        } catch (InterruptedException exception) {
            Thread.currentThread().interrupt();
            throw new CancellationException("Interrupted while waiting for a batch.");
        } catch (ExecutionException exception) {
            if (exception.getCause() instanceof DamagedTokensException damaged) {
                throw damaged;
            }
            throw new IllegalStateException("The next batch could not be loaded: " + exception.getCause(), exception);
        }
    }

    private Batch load(int epoch, long first) {
        Rows plan = order.rows(epoch);
        int rows = rows(plan, first);
        long[] ids = new long[Math.multiplyExact(rows, context)];
        long[] targets = new long[Math.multiplyExact(rows, context)];
        Arrays.fill(targets, Batch.IGNORED);
        IntStream.Builder documents = IntStream.builder();
        long predictions = 0;
        long tokens = 0;
        for (int row = 0; row < rows; row++) {
            int place = row * context;
            for (Rows.Piece piece : plan.row(first + row)) {
                documents.add(place);
                tokens += copy(piece, ids, targets, place);
                predictions += piece.length();
                place += piece.length();
            }
        }
        boolean packed = sequences.packing() == Packing.DOCUMENTS;
        return new Batch(ids, targets, packed ? documents.build().toArray() : null, rows, context, tokens, predictions);
    }

    /** Returns how many targets count. */
    private long copy(Rows.Piece piece, long[] ids, long[] targets, int place) {
        for (int i = 0; i < piece.length(); i++) {
            ids[place + i] = range.id(piece.start() + i);
        }
        return countedTargets(piece, (i, id) -> targets[place + i] = id);
    }

    /** Receives the index in its piece and the token id of a target. */
    private interface Target {
        void accept(int index, int id);
    }

    /** Passes on the targets of a piece that count, and returns how many these are. */
    private long countedTargets(Rows.Piece piece, Target receiver) {
        long first = piece.start() + 1;
        long counted = counted(piece);
        boolean all = counted == piece.length();
        long unlearned = all ? 0 : range.unlearnedBefore(first);
        for (int i = 0; i < piece.length(); i++) {
            long before = unlearned;
            unlearned = all ? 0 : range.unlearnedBefore(first + i + 1);
            if (unlearned == before) {
                receiver.accept(i, range.id(first + i));
            }
        }
        return counted;
    }

    /**
     * What the loss of an epoch counts.
     *
     * @param most batches that are read, from the first on; 0: all
     */
    public Counted counted(Tokenizer tokenizer, long most) {
        int[] lengths = tokenizer.textLengths();
        Rows rows = order.rows(0);
        long tokens = 0;
        long[] bytes = {0};
        long end = most == 0 || most >= batches() ? rows.count() : most * batchSize;
        for (long row = 0; row < end; row++) {
            for (Rows.Piece piece : rows.row(row)) {
                tokens += countedTargets(piece, (i, id) -> bytes[0] += lengths[id]);
            }
        }
        return new Counted(tokens, bytes[0]);
    }

    /** Ends the loading thread. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
