package perdure.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import perdure.distributed.Workers;

/**
 * Adds up the gradients of all ranks, while the backward pass still runs: a bucket is exchanged when the last gradient of
 * it is there, and those before it have begun. So all ranks exchange them in the same order.
 */
final class GradientExchange implements AutoCloseable {

    private final Workers workers;
    private final FlatGradients gradients;
    private final Tensor buffer;

    // Threads that compute leaves share these.
    private final int[] missing;
    private int next;
    private final List<Future<?>> begun = new ArrayList<>();

    /** @param weights in the order of the forward pass */
    GradientExchange(Workers workers, List<Tensor> weights) {
        this.workers = workers;
        gradients = new FlatGradients(weights, workers.bucketBytes());
        missing = new int[gradients.buckets().size()];
        try (PointerScope scope = new PointerScope()) {
            buffer = torch.zeros(gradients.largest()).retainReference();
        }
        begin();
    }

    /** Begins a step. */
    synchronized void begin() {
        gradients.buckets().forEach(bucket -> missing[bucket.index()] = bucket.weights());
        next = 0;
        begun.clear();
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
        begun.add(workers.sum(gradients.buckets().get(next++).values(), buffer));
    }

    /**
     * Waits for the sums, and puts them where the optimizer finds them.
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
        gradients.publish();
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
        gradients.close();
        buffer.close();
    }
}
