package perdure.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;

/**
 * What a forward pass leaves for its backward pass, where that is made by hand: the steps, taken last first, and the
 * tensors that each needs, which are freed as soon as it is taken. Autograd cannot follow oneDNN's products on plain
 * tensors ({@link Linear}), and holds everything until its graph goes.
 *
 * <p>A step turns the gradient of its result into that of its input, and adds to the gradients of the weights between.
 */
final class Tape implements AutoCloseable {

    private record Step(UnaryOperator<Tensor> backward, List<AutoCloseable> needed) {}

    private final Deque<Step> steps = new ArrayDeque<>();
    private final List<AutoCloseable> kept = new ArrayList<>();

    /** Keeps a tensor beyond its scope, for the step that is recorded next. */
    Tensor keep(Tensor tensor) {
        Tensor handle = new Tensor(tensor).retainReference();
        kept.add(handle);
        return handle;
    }

    void record(UnaryOperator<Tensor> backward) {
        steps.push(new Step(backward, List.copyOf(kept)));
        kept.clear();
    }

    /** The tape of a residual branch, from x to what is added to x. */
    Tape branch() {
        Tape branch = new Tape();
        kept.add(branch);
        record(gradient -> branch.backward(gradient).add(gradient));
        return branch;
    }

    /** What {@code function} makes of x; autograd takes it back. */
    Tensor byAutograd(Tensor x, UnaryOperator<Tensor> function) {
        Tensor leaf = keep(x.detach().requires_grad_(true));
        Tensor result;
        try (AutoGradMode recording = new AutoGradMode(true)) {
            result = keep(function.apply(leaf));
        }
        record(gradient -> {
            result.backward(gradient, new BoolOptional(false), false, new TensorArrayRefOptional());
            return leaf.grad();
        });
        return result.detach();
    }

    /** Takes all steps back, once: the gradient of the first input, given that of the last result. Records no graph. */
    Tensor backward(Tensor gradient) {
        Tensor current = gradient;
        while (!steps.isEmpty()) {
            Step step = steps.pop();
            Tensor before = current;
            try {
                current = Temporaries.freedBy(() -> step.backward.apply(before));
            } finally {
                close(step.needed);
            }
            if (before != gradient) {
                before.close();
            }
        }
        return current;
    }

    /** Frees what no backward pass has used. */
    @Override
    public void close() {
        steps.forEach(step -> close(step.needed));
        steps.clear();
        close(kept);
    }

    private static void close(List<AutoCloseable> needed) {
        for (AutoCloseable one : needed) {
            try {
                one.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Adds to the gradient of a weight. */
    static void add(Tensor weight, Tensor gradient) {
        Tensor sum = weight.grad();
        if (sum.defined()) {
            sum.add_(gradient);
        } else {
            weight.mutable_grad().put(gradient);
        }
    }
}
