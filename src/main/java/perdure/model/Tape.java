package perdure.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The backward pass of a chain of operations that autograd does not record. It runs the backward functions of the
 * operations, last first, and frees the tensors that each one saved as soon as it has run. Autograd cannot record
 * oneDNN's products on plain tensors ({@link MatrixProduct}), and keeps all saved tensors until its graph is freed.
 *
 * <p>A backward function turns the gradient of its operation's result into the gradient of its input, and accumulates
 * the gradients of the parameters in between.
 */
final class Tape implements AutoCloseable {

    private record Operation(UnaryOperator<Tensor> backward, List<AutoCloseable> saved) {}

    private final Leaf leaf;
    private final Deque<Operation> operations = new ArrayDeque<>();
    private final List<AutoCloseable> saved = new ArrayList<>(); // for the operation that is recorded next
    private Tensor skipped; // or null

    /** @param leaf takes the gradients of the parameters */
    Tape(Leaf leaf) {
        this.leaf = leaf;
    }

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
        Tape branch = new Tape(leaf);
        saved.add(branch);
        // Forward:  Y = X + f(X)
        // Backward: dX = (gradient of f, given dY) + dY.
        record(gradient -> {
            branch.skipped = gradient;
            Tensor sum = branch.backward(gradient);
            return branch.skipped == null ? sum : sum.add(gradient);
        });
        return branch;
    }

    /**
     * Of a branch, the dY that is yet to be added to its gradient of X, for its first operation, which then adds it; null
     * if there is none.
     */
    Tensor takeSkipped() {
        Tensor taken = skipped;
        skipped = null;
        return taken;
    }

    /**
     * The result of {@code function} for x, of which only x is kept: the backward pass runs the function again, with the
     * same random numbers (Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost). The function records itself
     * on the tape that it is given.
     */
    Tensor recordRecomputed(Tensor x, BiFunction<Tensor, Tape, Tensor> function) {
        Tensor savedX = saveForBackward(x);
        ForwardState state = new ForwardState(x.device(), leaf.generator());
        saved.add(state);
        record(gradient -> {
            try (Tape again = new Tape(leaf)) {
                state.replay(() -> NestedScope.evaluate(() -> function.apply(savedX, again)));
                return again.backward(gradient);
            }
        });
        // On a tape too, since some operations without one compute in another order.
        try (Tape unused = new Tape(leaf)) {
            return NestedScope.evaluate(() -> function.apply(x, unused));
        }
    }

    /**
     * The result of {@code function} for x and parameters; autograd makes its backward pass. The function is given handles
     * of its own of both, since autograd adds to their gradients itself.
     */
    Tensor recordAutograd(Tensor x, List<Tensor> parameters, BiFunction<Tensor, List<Tensor>, Tensor> function) {
        Tensor input = ofAutograd(x, true);
        List<Tensor> own = parameters.stream()
                .map(parameter -> ofAutograd(parameter, parameter.requires_grad()))
                .toList();
        Tensor result;
        try (AutoGradMode recording = new AutoGradMode(true)) {
            result = saveForBackward(function.apply(input, own));
        }
        record(gradient -> {
            result.backward(
                    gradient.to(result.scalar_type()), new BoolOptional(false), false, new TensorArrayRefOptional());
            for (int i = 0; i < own.size(); i++) {
                if (own.get(i).requires_grad()) {
                    accumulate(parameters.get(i), own.get(i).grad());
                }
            }
            return input.grad();
        });
        return result.detach();
    }

    private Tensor ofAutograd(Tensor x, boolean differentiable) {
        return saveForBackward(x.detach().requires_grad_(differentiable));
    }

    /**
     * Runs all backward functions, once. Returns the gradient of the first input, given the gradient of the last
     * result. Records no graph.
     */
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

    /** Frees the saved tensors that no backward pass has used. */
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

    /** Hands over the gradient of a parameter. */
    void accumulate(Tensor parameter, Tensor gradient) {
        leaf.add(parameter, gradient);
    }

    /**
     * What dropout keeps of a tensor like x: 1 with probability 1 − p, else 0 (boolean). The random numbers are those of
     * the leaf.
     */
    Tensor keptByDropout(Tensor x, double p) {
        Generator generator = leaf.generator();
        return torch.empty_like(
                        x, x.options().dtype(new ScalarTypeOptional(ScalarType.Bool)), new MemoryFormatOptional())
                .bernoulli_(1 - p, generator == null ? new GeneratorOptional() : new GeneratorOptional(generator));
    }
}
