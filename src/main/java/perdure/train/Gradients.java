package perdure.train;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import perdure.model.BoxedOperator;

/** The gradients of some weights, taken as one vector. */
public final class Gradients implements AutoCloseable {

    private final List<Tensor> weights;
    private final BoxedOperator norms;
    private final BoxedOperator scale;

    /** @param weights the caller's; they must outlive this */
    public Gradients(List<Tensor> weights) {
        this.weights = List.copyOf(weights);
        norms = new BoxedOperator("aten::_foreach_norm", "Scalar");
        scale = new BoxedOperator("aten::_foreach_mul_", "Scalar");
    }

    /** Those of some weights, as an operator's argument {@code Tensor[]}; all of them must be there. */
    static IValue of(List<Tensor> weights) {
        List<Tensor> gradients = weights.stream().map(Tensor::grad).toList();
        if (!gradients.stream().allMatch(Tensor::defined)) {
            throw new IllegalStateException("A weight has no gradient: clip and step after the backward pass.");
        }
        return BoxedOperator.list(gradients);
    }

    /**
     * Scales all gradients so that their global L2 norm is at most {@code largest}; 0 is no limit.
     *
     * @return the norm before scaling; if it is not finite, nothing was scaled, and the caller must not step
     * @throws IllegalStateException if a weight has no gradient
     */
    public double clip(double largest) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            IValue gradients = of(weights);
            TensorVector parts = norms.call(gradients, new IValue(new Scalar(2.0)), new IValue())
                    .get(0)
                    .toTensorVector();
            double norm = torch.stack(parts).norm().item_double();
            if (largest > 0 && norm > largest && norm < Double.POSITIVE_INFINITY) {
                scale.call(gradients, new IValue(new Scalar(largest / norm)));
            }
            return norm;
        }
    }

    /**
     * Drops the gradients, so that the next backward pass sets them instead of adding to them. This is PyTorch's {@code
     * zero_grad(set_to_none=True)}.
     */
    public void zero() {
        try (PointerScope scope = new PointerScope()) {
            weights.forEach(weight -> weight.mutable_grad().reset());
        }
    }

    @Override
    public void close() {
        norms.close();
        scale.close();
    }
}
