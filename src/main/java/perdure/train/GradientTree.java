package perdure.train;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import perdure.model.Leaf;

/**
 * Adds up the gradients of the leaves of a step, so that the sum does not depend on which thread makes which leaf when.
 * A sum of many leaves is that of its first half plus that of its second half, and so on down to single leaves. Two
 * halves are added as soon as both are there, and in floating point too x + y is y + x.
 *
 * <p>Memory: the leaves that are computed at the same time share one gradient, but for weights whose gradient has many
 * parts. Of {@code n} leaves one after the other, log2(n) sums wait for their other half.
 */
final class GradientTree implements AutoCloseable {

    private final Map<Tensor, Sums> sums = new IdentityHashMap<>();
    private final GradientExchange exchange;
    private Range all = new Range(0, 0);

    /** @param weights the caller's; they must outlive this */
    GradientTree(List<Tensor> weights) {
        this(weights, null);
    }

    /** @param exchange adds up the sums of all ranks; null: there is one */
    GradientTree(List<Tensor> weights, GradientExchange exchange) {
        this.exchange = exchange;
        weights.forEach(weight -> sums.put(weight, new Sums(weight)));
    }

    /** Begins a step of that many leaves; forgets what an earlier one left behind. */
    void begin(int leaves) {
        begin(0, leaves);
    }

    /**
     * Begins a step of which this rank has the leaves {@code from … to - 1}: an aligned block of them, so that its sum is
     * one of those that all of them are added up from.
     */
    void begin(int from, int to) {
        sums.values().forEach(Sums::clear);
        all = new Range(from, to);
        if (exchange != null) {
            exchange.begin();
        }
    }

    /** Whether this rank has one leaf of the step. */
    boolean isSingle() {
        return all.to - all.from == 1;
    }

    /**
     * One of the leaves, which one thread computes.
     *
     * @param generator of its random numbers; null: libtorch's default one
     */
    Leaf leaf(int index, Generator generator) {
        return new Leaf() {
            @Override
            public void add(Tensor weight, Tensor gradient) {
                sums.get(weight).add(index, new Part(gradient));
            }

            @Override
            public Tensor zeros(Tensor weight) {
                return sums.get(weight).zeros();
            }

            @Override
            public Generator generator() {
                return generator;
            }
        };
    }

    /** Counts a leaf that has no rows. */
    void skip(int index) {
        sums.values().forEach(sum -> sum.add(index, Part.NONE));
    }

    /** Puts the sums where the optimizer finds them: {@link Tensor#grad()} of each weight. */
    void finish() {
        if (exchange == null) {
            sums.values().forEach(Sums::finish);
        } else {
            exchange.finish();
        }
    }

    /** Ends a step whose leaves are not all there, and whose sums nobody uses. */
    void abandon() {
        if (exchange != null) {
            exchange.drain();
        }
    }

    @Override
    public void close() {
        begin(0);
        sums.values().forEach(Sums::close);
        if (exchange != null) {
            exchange.close();
        }
    }

    /** The gradient of some leaves that follow one another; without a tensor if these have no rows. */
    private record Part(Tensor tensor) {

        static final Part NONE = new Part(null);
    }

    /** Leaves {@code from … to - 1}. */
    private record Range(int from, int to) {}

    /** Those of one weight. */
    private final class Sums {

        private final Tensor weight;

        /** The sums that wait for their other half. */
        private final Map<Range, Part> waiting = new HashMap<>();

        /** Memory that is allocated once; otherwise the system would supply fresh pages at every step. */
        private final Set<Tensor> buffers = Collections.newSetFromMap(new IdentityHashMap<>());

        private final Deque<Tensor> free = new ArrayDeque<>();

        Sums(Tensor weight) {
            this.weight = weight;
            if (exchange != null) {
                buffers.add(exchange.of(weight)); // A sum that is made there need not be copied.
            }
        }

        synchronized Tensor zeros() {
            Tensor buffer = free.poll();
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                if (buffer == null) {
                    buffer = torch.zeros_like(weight).retainReference();
                    buffers.add(buffer);
                } else {
                    buffer.zero_();
                }
            }
            return buffer;
        }

        synchronized void add(int leaf, Part part) {
            Tensor tensor = part.tensor;
            Part kept = tensor == null || buffers.contains(tensor)
                    ? part
                    : new Part(new Tensor(tensor).retainReference()); // Outlives the caller's scope.
            Part whole = up(all, leaf, kept);
            if (whole != null && exchange != null) {
                exchange.add(weight, whole.tensor); // copies it, unless it is there
                release(whole);
            } else if (whole != null) {
                waiting.put(all, whole);
            }
        }

        /** The sum of a range, now that a leaf in it has come; null if others are missing. */
        private Part up(Range range, int leaf, Part part) {
            if (range.to - range.from == 1) {
                return part;
            }
            int middle = (range.from + range.to) >>> 1;
            Range first = new Range(range.from, middle);
            Range second = new Range(middle, range.to);
            Range own = leaf < middle ? first : second;
            Part sum = up(own, leaf, part);
            if (sum == null) {
                return null;
            }
            Part other = waiting.remove(own == first ? second : first);
            if (other == null) {
                waiting.put(own, sum);
                return null;
            }
            return plus(other, sum);
        }

        private Part plus(Part one, Part other) {
            if (one.tensor == null || other.tensor == null) {
                return one.tensor == null ? other : one;
            }
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                one.tensor.add_(other.tensor);
            }
            release(other);
            return one;
        }

        private void release(Part part) {
            if (part.tensor != null && !buffers.contains(part.tensor)) {
                part.tensor.close();
            } else if (part.tensor != null) {
                free.add(part.tensor);
            }
        }

        synchronized void finish() {
            Part whole = waiting.get(all);
            if (whole == null || whole.tensor == null) {
                throw new IllegalStateException("A weight has no gradient of all leaves.");
            }
            try (PointerScope scope = new PointerScope()) {
                weight.mutable_grad().put(whole.tensor);
            }
        }

        /** Between two steps every buffer is free, also one that a leaf took and did not hand over since it failed. */
        synchronized void clear() {
            waiting.values().forEach(this::release);
            waiting.clear();
            free.clear();
            free.addAll(buffers);
        }

        void close() {
            if (exchange != null) {
                buffers.remove(exchange.of(weight));
            }
            buffers.forEach(Tensor::close);
        }
    }
}
