package perdure.train;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.data.Batch;
import perdure.device.Devices;
import perdure.device.Malloc;
import perdure.device.Precision;
import perdure.distributed.Workers;
import perdure.model.LanguageModel;
import perdure.train.Trainer.Part;

/**
 * A model with its optimizer, and the device and precision that it is trained with.
 *
 * <p>On a GPU it computes in the calling thread, which from then on uses a stream of its own. There the passes of batches
 * of one shape are recorded and replayed, but those that draw random numbers.
 */
public final class Learner implements AutoCloseable {

    /** The system property that says whether that is done: {@code true}, unless it is set, or {@code false}. */
    public static final String GRAPHS = "perdure.graphs";

    /**
     * The fewest parameters with which the first micro-batch's tensors are mapped. It saves 4 % of memory with 12 million, 2 %
     * with one million, and takes a sixth of a second.
     */
    private static final long FEWEST_MAPPED = 4 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Learner.class);

    /**
     * The system property that says whether a step is begun before the numbers of the one before it are read, so that the
     * device has work all the time: {@code false}, unless it is set, or {@code true}.
     */
    public static final String AHEAD = "perdure.ahead";

    /** Batches before one is recorded: the first ones allocate memory and choose kernels. */
    private static final int WARM_UP = 3;

    private final LanguageModel model;
    private final Optimizer optimizer;
    private final Device device;
    private final Lanes lanes;
    private final Workers workers;
    private final boolean records;
    private final boolean ahead;
    private boolean begun; // whether a micro-batch has been computed
    private int warmedUp;
    private BatchGraph graph; // null: nothing is recorded

    /**
     * From now on the model computes in this precision.
     *
     * @param device where the model is
     * @param precision of the matrix products
     * @param lanes the threads that compute a batch together
     * @param workers the processes that train the model together
     */
    public Learner(
            LanguageModel model,
            Optimizer optimizer,
            Device device,
            Precision precision,
            Lanes lanes,
            Workers workers) {
        this.workers = workers;
        this.model = model;
        this.optimizer = optimizer;
        this.device = device;
        this.lanes = lanes;
        precision.require(device);
        records = device.is_cuda() && lanes.leaves() == 1 && !"false".equals(System.getProperty(GRAPHS));
        ahead = "true".equals(System.getProperty(AHEAD))
                && lanes.leaves() == 1
                && workers.world() == 1
                && optimizer.gradients().isOneShare();
        if (records) {
            Devices.await(device); // The own stream would not wait for what the other one has begun.
            Devices.useOwnStream(device);
        }
        model.multiplyInBf16(precision == Precision.BF16);
    }

    /** What computes in the calling thread. */
    public Learner(LanguageModel model, Optimizer optimizer, Device device, Precision precision) {
        this(model, optimizer, device, precision, Lanes.one());
    }

    /** What trains in one process. */
    public Learner(LanguageModel model, Optimizer optimizer, Device device, Precision precision, Lanes lanes) {
        this(model, optimizer, device, precision, lanes, Workers.alone());
    }

    public LanguageModel model() {
        return model;
    }

    public Optimizer optimizer() {
        return optimizer;
    }

    public Device device() {
        return device;
    }

    public Lanes lanes() {
        return lanes;
    }

    /** The processes that train the model together. */
    Workers workers() {
        return workers;
    }

    /** Whether a step may be begun before the numbers of the one before it are read. */
    boolean runsAhead() {
        return ahead;
    }

    /** Computes a number for some rows of a batch. */
    private interface RowsTask {

        /**
         * @param index of the leaf
         * @param ids [B, T] int64, on the device
         * @param targets [B, T] int64, on the device
         * @param documents where they begin, as {@link Batch#documents}
         */
        double apply(int index, Tensor ids, Tensor targets, int[] documents);
    }

    /** Brings the model up to date after its weights have changed. */
    void weightsChanged() {
        int copies = model.copies();
        lanes.run(
                copies, index -> model.renewCopy(copies - 1 - index)); // The largest, of the output projection, first.
    }

    /** Sum of the token losses of a batch, in nats. */
    public double lossSum(Batch batch) {
        return sum(batch, () -> {}, (index, ids, targets, documents) -> model.lossSum(ids, targets, documents));
    }

    /**
     * Runs a micro-batch forward and back. That adds {@code scale} times the gradient of the sum of its token losses to
     * the tree.
     *
     * @param tree of the step
     * @param index of the micro-batch in the step
     * @param seed of the step's random numbers; those of a leaf depend on it and on the leaf's place in the step
     * @param read reads the sum of the token losses of a leaf, a scalar in float64 on the device. A GPU is waited for when
     *     a number is read
     * @param ended called when a part of the first leaf's work has ended, and at the end of all
     * @return the sum of the token losses, in nats, as it was read
     */
    double accumulate(
            Batch batch,
            GradientTree tree,
            int index,
            long seed,
            double scale,
            ToDoubleFunction<Tensor> read,
            Consumer<Part> ended) {
        if (!begun && model.config().parameterCount() >= FEWEST_MAPPED) {
            Malloc.mapTensors();
        }
        int place = index * lanes.leaves();
        for (int leaf = 0; leaf < lanes.leaves(); leaf++) {
            if (firstRow(batch, leaf) == firstRow(batch, leaf + 1)) {
                tree.skip(place + leaf);
            }
        }
        double sum;
        try {
            sum = sum(batch, () -> ended.accept(Part.DATA), (leaf, ids, targets, documents) -> {
                if (isRecorded(ids, targets, documents)) {
                    return read.applyAsDouble(
                            graph.replay(ids, targets, scale, tree.leaf(place, null), tree.isSingle()));
                }
                Generator generator = generator(
                        new SplittableRandom(new SplittableRandom(seed).nextLong() + place + leaf).nextLong());
                try (LanguageModel.Loss loss =
                        model.forward(ids, targets, documents, scale, tree.leaf(place + leaf, generator))) {
                    if (leaf == 0) {
                        ended.accept(Part.FORWARD);
                    }
                    loss.backward();
                    if (leaf == 0) {
                        ended.accept(Part.BACKWARD);
                    }
                    return read.applyAsDouble(loss.sumOnDevice());
                }
            });
        } finally {
            if (!begun) {
                Malloc.keepFreedMemory();
                begun = true;
            }
        }
        if (lanes.leaves() > 1) {
            ended.accept(Part.BACKWARD);
        }
        return sum;
    }

    /** Whether there is a recorded pass for such a batch; records it when it is time. */
    private boolean isRecorded(Tensor ids, Tensor targets, int[] documents) {
        if (!records || documents != null || !model.isRecordable()) {
            return false;
        }
        if (graph == null && warmedUp++ == WARM_UP) {
            graph = recorded(ids, targets);
        }
        return graph != null && graph.fits(ids);
    }

    /** Passes of batches like this one, recorded; null if that fails. */
    private BatchGraph recorded(Tensor ids, Tensor targets) {
        try {
            return new BatchGraph(model, device, ids, targets);
        } catch (RuntimeException | LinkageError failure) {
            LOG.warn("Training takes longer, since its operations cannot be recorded: {}", RunWriter.describe(failure));
            return null;
        }
    }

    /** The generator of a leaf on the CPU. On a GPU libtorch's own draws, so it is seeded, and this is null. */
    private Generator generator(long seed) {
        if (device.is_cpu()) {
            return torch.make_generator_cpu(seed);
        }
        torch.manual_seed(seed);
        return null;
    }

    /**
     * The sum of a number over the leaves of a batch that have rows, each of which a thread of the lanes computes.
     *
     * @param ready called when the batch is on the device
     */
    private double sum(Batch batch, Runnable ready, RowsTask task) {
        try (PointerScope scope = new PointerScope()) {
            Tensor ids = onDevice(batch.ids(), batch); // (B, T)
            Tensor targets = onDevice(batch.targets(), batch); // (B, T)
            ready.run();
            double[] results = new double[lanes.leaves()];
            lanes.run(results.length, leaf -> {
                int first = firstRow(batch, leaf);
                int count = firstRow(batch, leaf + 1) - first;
                if (count > 0) {
                    try (PointerScope own = new PointerScope()) {
                        results[leaf] = task.apply(
                                leaf,
                                ids.narrow(0, first, count),
                                targets.narrow(0, first, count),
                                batch.documents(first, count));
                    }
                }
            });
            return Arrays.stream(results).sum();
        }
    }

    /** The first row of a leaf. Rows that cannot be shared evenly make some leaves longer by one, or empty. */
    private int firstRow(Batch batch, int leaf) {
        return (int) (((long) batch.rows() * leaf + lanes.leaves() - 1) / lanes.leaves());
    }

    /** Values of a batch as a tensor on the device, [B, T] int64. */
    Tensor onDevice(long[] values, Batch batch) {
        Tensor host = torch.tensor(values).view(batch.rows(), batch.context()); // (B*T) -> (B, T)
        return Devices.copy(host, device);
    }

    /** Frees what it has recorded. Model and optimizer are the caller's. */
    @Override
    public void close() {
        if (graph != null) {
            graph.close();
        }
    }
}
