package perdure.train;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.data.Batch;
import perdure.device.Precision;
import perdure.distributed.Workers;
import perdure.model.LanguageModel;
import perdure.model.Leaf;
import perdure.train.Trainer.Part;

/**
 * A model with its optimizer, and the device and precision that it is trained with.
 *
 * @param device where the computation runs
 * @param precision of the matrix products: bf16 is the model's own on the CPU, and autocast elsewhere
 * @param lanes the threads that compute a batch together
 * @param workers the processes that train the model together
 */
public record Learner(
        LanguageModel model, Optimizer optimizer, Device device, Precision precision, Lanes lanes, Workers workers) {

    /** From now on the model computes in this precision. */
    public Learner {
        model.multiplyInBf16(precision.isModelsOwn(device));
    }

    /** What computes in the calling thread. */
    public Learner(LanguageModel model, Optimizer optimizer, Device device, Precision precision) {
        this(model, optimizer, device, precision, Lanes.one());
    }

    /** What trains in one process. */
    public Learner(LanguageModel model, Optimizer optimizer, Device device, Precision precision, Lanes lanes) {
        this(model, optimizer, device, precision, lanes, Workers.alone());
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
        return sum(batch, () -> {}, (index, ids, targets, documents) -> {
            try (Precision.Scope autocast = precision.autocast(device)) {
                return model.lossSum(ids, targets, documents);
            }
        });
    }

    /**
     * Runs a micro-batch forward and back. That adds {@code scale} times the gradient of the sum of its token losses to
     * the tree.
     *
     * @param tree of the step
     * @param index of the micro-batch in the step
     * @param seed of the step's random numbers; those of a leaf depend on it and on the leaf's place in the step
     * @param ended called when a part of the first leaf's work has ended, and at the end of all
     * @return the sum of the token losses, in nats
     */
    double accumulate(Batch batch, GradientTree tree, int index, long seed, double scale, Consumer<Part> ended) {
        int place = index * lanes.leaves();
        for (int leaf = 0; leaf < lanes.leaves(); leaf++) {
            if (firstRow(batch, leaf) == firstRow(batch, leaf + 1)) {
                tree.skip(place + leaf);
            }
        }
        double sum = sum(batch, () -> ended.accept(Part.DATA), (leaf, ids, targets, documents) -> {
            Generator generator =
                    generator(new SplittableRandom(new SplittableRandom(seed).nextLong() + place + leaf).nextLong());
            try (LanguageModel.Loss loss =
                    forward(ids, targets, documents, scale, tree.leaf(place + leaf, generator))) {
                if (leaf == 0) {
                    ended.accept(Part.FORWARD);
                }
                loss.backward();
                if (leaf == 0) {
                    ended.accept(Part.BACKWARD);
                }
                return loss.sum();
            }
        });
        if (lanes.leaves() > 1) {
            ended.accept(Part.BACKWARD);
        }
        return sum;
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

    /**
     * Runs the forward pass in the caller's scope. The backward pass of the returned loss adds {@code scale} times the
     * gradient of the sum of the token losses to the leaf.
     *
     * @param ids [B, T] int64, on the device
     * @param targets [B, T] int64, on the device
     * @param documents where they begin, as {@link Batch#documents}
     */
    private LanguageModel.Loss forward(Tensor ids, Tensor targets, int[] documents, double scale, Leaf leaf) {
        try (Precision.Scope autocast = precision.autocast(device)) {
            return model.forward(ids, targets, documents, scale, leaf);
        }
    }

    /** Values of a batch as a tensor on the device, [B, T] int64. */
    Tensor onDevice(long[] values, Batch batch) {
        Tensor host = torch.tensor(values).view(batch.rows(), batch.context()); // (B*T) -> (B, T)
        return device.is_cpu() ? host : host.to(device, ScalarType.Long);
    }
}
