package perdure.model;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The gradient of one large weight, in memory that is allocated once; otherwise the system would supply fresh pages at
 * every step. For weights whose gradients are accumulated outside autograd and {@link Tape}.
 */
final class GradientBuffer implements AutoCloseable {

    private final Tensor weight;
    private Tensor memory; // same shape and device as the weight

    GradientBuffer(Tensor weight) {
        this.weight = weight;
    }

    /** The gradient of the weight, to add to: zeros if it had none. */
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
