package perdure.train;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The gradients of some weights in one tensor, cut into buckets that are exchanged one after the other. Where a gradient
 * lies follows from the weights and the size of the buckets, and not from the number of ranks.
 */
final class FlatGradients implements AutoCloseable {

    /** Values to whose multiples gradients begin: cache lines and vectors are whole. */
    private static final long ALIGNMENT = 64;

    /** Of values of a bucket, so that up to so many ranks have equal shares of it. */
    private static final long BUCKET_ALIGNMENT = 4096;

    /** x + y is x for every x, also for -0, only if y is -0. */
    private static final double NEUTRAL = -0.0;

    /**
     * Gradients that follow each other.
     *
     * @param values all of them, and zeros between them
     * @param weights whose gradients they are, in their order
     */
    record Bucket(int index, Tensor values, List<Tensor> weights) {}

    /** @param from where the gradient begins in the bucket */
    private record Place(Tensor view, Bucket bucket, long from) {}

    private final Tensor values;
    private final List<Bucket> buckets = new ArrayList<>();
    private final Map<Tensor, Place> places = new IdentityHashMap<>();

    /**
     * @param weights the last ones are expected to have their gradients first, as in a backward pass
     * @param bucketBytes after so many bytes a bucket ends with the weight
     */
    FlatGradients(List<Tensor> weights, long bucketBytes) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            List<List<Tensor>> groups = new ArrayList<>();
            List<Tensor> group = new ArrayList<>();
            long size = 0;
            long total = 0;
            for (int i = weights.size() - 1; i >= 0; i--) {
                group.add(weights.get(i));
                size += multiple(weights.get(i).numel(), ALIGNMENT);
                if (size * Float.BYTES >= bucketBytes || i == 0) {
                    groups.add(List.copyOf(group));
                    total += multiple(size, BUCKET_ALIGNMENT);
                    group.clear();
                    size = 0;
                }
            }
            values = torch.zeros(new long[] {total}, weights.get(0).options()).retainReference();
            long from = 0;
            for (List<Tensor> each : groups) {
                from = place(each, from);
            }
        }
    }

    private long place(List<Tensor> group, long from) {
        long end = from;
        for (Tensor weight : group) {
            end += multiple(weight.numel(), ALIGNMENT);
        }
        end = multiple(end, BUCKET_ALIGNMENT);
        Bucket bucket =
                new Bucket(buckets.size(), values.narrow(0, from, end - from).retainReference(), group);
        buckets.add(bucket);
        long at = from;
        for (Tensor weight : group) {
            Tensor view = values.narrow(0, at, weight.numel()).view_as(weight);
            places.put(weight, new Place(view.retainReference(), bucket, at - from));
            at += multiple(weight.numel(), ALIGNMENT);
        }
        return end;
    }

    private static long multiple(long value, long of) {
        return (value + of - 1) / of * of;
    }

    List<Bucket> buckets() {
        return buckets;
    }

    Bucket bucket(Tensor weight) {
        return places.get(weight).bucket;
    }

    /** The gradient of a weight, in its shape. */
    Tensor of(Tensor weight) {
        return places.get(weight).view;
    }

    /** Where the gradient of a weight begins in its bucket. */
    long from(Tensor weight) {
        return places.get(weight).from;
    }

    /** Sets the gradient of a weight; null: nothing is added to those of other ranks. */
    void set(Tensor weight, Tensor gradient) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            Tensor view = places.get(weight).view;
            if (gradient == null) {
                view.fill_(new Scalar(NEUTRAL));
            } else if (gradient != view) {
                view.copy_(gradient);
            }
        }
    }

    /** Puts the gradients where the optimizer finds them: {@link Tensor#grad()} of each weight. */
    void publish() {
        try (PointerScope scope = new PointerScope()) {
            places.forEach((weight, place) -> weight.mutable_grad().put(place.view));
        }
    }

    @Override
    public void close() {
        places.values().forEach(place -> place.view.close());
        buckets.forEach(bucket -> bucket.values.close());
        values.close();
    }
}
