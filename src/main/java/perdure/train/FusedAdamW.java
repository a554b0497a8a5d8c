package perdure.train;

import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import perdure.model.BoxedOperator;

/** libtorch's fused kernel of AdamW, which updates many tensors in one call, and the count of its steps. */
final class FusedAdamW implements AutoCloseable {

    private final AdamW.Settings settings;
    private final BoxedOperator update;

    /** A float32 scalar on the device of the weights, as the kernel needs it. {@link #steps} is the same number in Java. */
    private final Tensor stepCount;

    private long steps;

    /** @param weight any of those that are updated */
    FusedAdamW(AdamW.Settings settings, Tensor weight) {
        this.settings = settings;
        try (PointerScope scope = new PointerScope()) {
            stepCount = torch.zeros(new long[0], weight.options()).retainReference();
            update = new BoxedOperator("aten::_fused_adamw_", "");
        }
    }

    /** Begins a step: it counts from now on. */
    void begin() {
        steps(steps + 1);
    }

    /** Some weights and their moments as arguments of the kernel, which are made once. */
    final class Arguments implements AutoCloseable {

        private final IValue weights;
        private final IValue means;
        private final IValue squares;
        private final IValue steps;

        /** All lists have the same order. */
        Arguments(List<Tensor> weights, List<Tensor> means, List<Tensor> squares) {
            this.weights = kept(weights);
            this.means = kept(means);
            this.squares = kept(squares);
            steps = kept(Collections.nCopies(weights.size(), stepCount));
        }

        private static IValue kept(List<Tensor> tensors) {
            try (PointerScope scope = new PointerScope()) {
                return BoxedOperator.list(tensors).retainReference();
            }
        }

        @Override
        public void close() {
            weights.close();
            means.close();
            squares.close();
            steps.close();
        }
    }

    /**
     * Updates some weights by their gradients; threads may do so at once.
     *
     * @param skip as {@link Optimizer#step(double, Tensor)}
     */
    void update(Arguments of, List<Tensor> gradients, double learningRate, double weightDecay, Tensor skip) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            update.call(
                    of.weights,
                    BoxedOperator.list(gradients),
                    of.means,
                    of.squares,
                    BoxedOperator.list(List.of()),
                    of.steps,
                    new IValue(learningRate),
                    new IValue(settings.beta1()),
                    new IValue(settings.beta2()),
                    new IValue(weightDecay),
                    new IValue(settings.epsilon()),
                    new IValue(false), // amsgrad
                    new IValue(false), // maximize
                    new IValue(), // grad_scale
                    skip == null ? new IValue() : new IValue(skip)); // found_inf
        }
    }

    long steps() {
        return steps;
    }

    void steps(long steps) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            stepCount.fill_(new Scalar((double) steps));
        }
        this.steps = steps;
    }

    @Override
    public void close() {
        stepCount.close();
        update.close();
    }
}
