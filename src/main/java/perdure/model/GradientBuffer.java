package perdure.model;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The gradient of one large weight, in memory that is taken once: its pages would else be fresh from the system at every
 * step. For weights whose gradients are accumulated outside of autograd and {@link Tape}.
 */
final class GradientBuffer implements AutoCloseable {

    private final Tensor weight;
    private Tensor memory; // beside the weight, of its shape

    GradientBuffer(Tensor weight) {
        this.weight = weight;
    }

    /** The weight's gradient, to be added to: zeros if it had none. */
    Tensor open() {
        Tensor gradient = weight.grad();
        if (gradient.defined()) {
            return gradient;
        }
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            if (memory == null || !memory.device().equals(weight.device())) {
                close();
                memory = torch.zeros_like(weight).retainReference();
            } else {
                memory.zero_();
            }
            weight.mutable_grad().put(memory);
        }
        return memory;
    }

    @Override
    public void close() {
        if (memory != null) {
            memory.close();
            memory = null;
        }
    }
}
