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

    /** Updates some weights; threads may do so at once. All lists have the same order. */
    void update(
            List<Tensor> weights,
            List<Tensor> gradients,
            List<Tensor> means,
            List<Tensor> squares,
            double learningRate,
            double weightDecay) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            update.call(
                    BoxedOperator.list(weights),
                    BoxedOperator.list(gradients),
                    BoxedOperator.list(means),
                    BoxedOperator.list(squares),
                    BoxedOperator.list(List.of()),
                    BoxedOperator.list(Collections.nCopies(weights.size(), stepCount)),
                    new IValue(learningRate),
                    new IValue(settings.beta1()),
                    new IValue(settings.beta2()),
                    new IValue(weightDecay),
                    new IValue(settings.epsilon()),
                    new IValue(false), // amsgrad
                    new IValue(false), // maximize
                    new IValue(), // grad_scale
                    new IValue()); // found_inf
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
