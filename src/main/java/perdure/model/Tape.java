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
 * The backward pass of a chain of operations, where autograd does not make it: the operations' own backward functions, run
 * last first, and the tensors that each has saved, which are freed as soon as it has run. Autograd cannot follow oneDNN's
 * products on plain tensors ({@link MatrixProduct}), and holds everything until its graph goes.
 *
 * <p>A backward function turns the gradient of its operation's result into that of its input, and accumulates the
 * gradients of the parameters between.
 */
final class Tape implements AutoCloseable {

    private record Operation(UnaryOperator<Tensor> backward, List<AutoCloseable> saved) {}

    private final Deque<Operation> operations = new ArrayDeque<>();
    private final List<AutoCloseable> saved = new ArrayList<>(); // for the operation that is recorded next

    /** Keeps a tensor beyond its scope, for the operation that is recorded next. */
    Tensor saveForBackward(Tensor tensor) {
        Tensor handle = new Tensor(tensor).retainReference();
        saved.add(handle);
        return handle;
    }

    void record(UnaryOperator<Tensor> backward) {
        operations.push(new Operation(backward, List.copyOf(saved)));
        saved.clear();
    }

    /** The tape of a residual branch, from x to what is added to x. */
    Tape branch() {
        Tape branch = new Tape();
        saved.add(branch);
        // Forward:  Y = X + f(X)
        // Backward: dX = (gradient of f, given dY) + dY.
        record(gradient -> branch.backward(gradient).add(gradient));
        return branch;
    }

    /** The result of {@code function} for x, whose backward pass autograd makes. */
    Tensor recordAutograd(Tensor x, UnaryOperator<Tensor> function) {
        Tensor leaf = saveForBackward(x.detach().requires_grad_(true));
        Tensor result;
        try (AutoGradMode recording = new AutoGradMode(true)) {
            result = saveForBackward(function.apply(leaf));
        }
        record(gradient -> {
            result.backward(gradient, new BoolOptional(false), false, new TensorArrayRefOptional());
            return leaf.grad();
        });
        return result.detach();
    }

    /** Runs all backward functions, once: the gradient of the first input, given that of the last result. No graph. */
    Tensor backward(Tensor gradient) {
        Tensor current = gradient;
        while (!operations.isEmpty()) {
            Operation operation = operations.pop();
            Tensor before = current;
            try {
                current = NestedScope.evaluate(() -> operation.backward.apply(before));
            } finally {
                close(operation.saved);
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
        operations.forEach(operation -> close(operation.saved));
        operations.clear();
        close(saved);
    }

    private static void close(List<AutoCloseable> saved) {
        for (AutoCloseable one : saved) {
            try {
                one.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Adds to the gradient of a parameter, which takes the tensor itself if it had none. */
    static void accumulate(Tensor parameter, Tensor gradient) {
        Tensor sum = parameter.grad();
        if (sum.defined()) {
            sum.add_(gradient);
        } else {
            parameter.mutable_grad().put(gradient);
        }
    }
}
