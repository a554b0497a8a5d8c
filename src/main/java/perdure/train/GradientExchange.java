package perdure.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.bytedeco.pytorch.Tensor;
import perdure.distributed.Workers;

/**
 * Adds up the gradients of all ranks, while the backward pass still runs: a bucket is exchanged when the last gradient of
 * it is there, and those before it have begun. So all ranks exchange them in the same order. Each rank has all sums, or
 * its shard of them.
 */
final class GradientExchange implements AutoCloseable {

    private final Workers workers;
    private final FlatGradients gradients;
    private final Shard shard; // null: this rank has all

    // Threads that compute leaves share these.
    private final int[] missing;
    private int next;
    private final List<Future<?>> begun = new ArrayList<>();
    private boolean finished;

    /**
     * One that gives each rank all sums.
     *
     * @param weights in the order of the forward pass
     */
    GradientExchange(Workers workers, List<Tensor> weights) {
        this(workers, weights, false);
    }

    private GradientExchange(Workers workers, List<Tensor> weights, boolean sharded) {
        this.workers = workers;
        gradients = new FlatGradients(weights, workers.bucketBytes());
        shard = sharded ? new Shard(gradients, workers.rank(), workers.world()) : null;
        missing = new int[gradients.buckets().size()];
        begin();
    }

    /** One that gives each rank its {@link #shard} of the sums. */
    static GradientExchange sharded(Workers workers, List<Tensor> weights) {
        return new GradientExchange(workers, weights, true);
    }

    /** Begins a step. */
    synchronized void begin() {
        gradients
                .buckets()
                .forEach(bucket -> missing[bucket.index()] = bucket.weights().size());
        next = 0;
        begun.clear();
        finished = false;
    }

    /** Takes the sum of this rank's gradients of a weight; null if it has none. Any thread may call. */
    void add(Tensor weight, Tensor sum) {
        gradients.set(weight, sum);
        synchronized (this) {
            missing[gradients.bucket(weight).index()]--;
            while (next < missing.length && missing[next] == 0) {
                beginNext();
            }
        }
    }

    private void beginNext() {
        Tensor values = gradients.buckets().get(next++).values();
        begun.add(shard == null ? workers.sum(values) : workers.sumShare(values));
    }

    /**
     * Waits for the sums. If this rank has all, puts them where the optimizer finds them.
     *
     * @throws IllegalStateException if this rank has not added all
     */
    void finish() {
        synchronized (this) {
            if (next < missing.length) {
                throw new IllegalStateException("A weight has no gradient of all leaves.");
            }
        }
        begun.forEach(workers::await);
        finished = true;
        if (shard == null) {
            gradients.publish();
        }
    }

    /** @throws IllegalStateException if the sums of the step are not there */
    void requireSums() {
        if (!finished) {
            throw new IllegalStateException("There are no gradients: clip and step after the backward pass.");
        }
    }

    /** What this rank has; null if each rank has all. */
    Shard shard() {
        return shard;
    }

    /** Where the gradient of a weight is. */
    Tensor of(Tensor weight) {
        return gradients.of(weight);
    }

    /** Begins to get what the other ranks have in their shares of the bucket. Until then its gradients are used. */
    Future<?> gather(Shard.Slice slice) {
        return workers.gatherShares(slice.bucket().values());
    }

    /** A number of each piece of this rank's shard, and those of all ranks, in an order that is the same for any number. */
    double[] ofAllRanks(double[] own) {
        double[] all = workers.gather(own); // by rank, bucket, piece
        int each = Shard.PIECES / workers.world();
        double[] ordered = new double[all.length]; // by bucket, rank, piece
        for (int i = 0; i < all.length; i++) {
            int rank = i / own.length;
            int bucket = i % own.length / each;
            ordered[(bucket * workers.world() + rank) * each + i % each] = all[i];
        }
        return ordered;
    }

    /** Takes part in what the other ranks exchange, with values that nobody uses. */
    void drain() {
        synchronized (this) {
            while (next < missing.length) {
                beginNext();
            }
        }
        begun.forEach(workers::await);
    }

    @Override
    public void close() {
        if (shard != null) {
            shard.close();
        }
        gradients.close();
    }
}
