package perdure.model;

import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A part of a batch, of which one thread makes the gradients: where these go, and where dropout takes its random numbers
 * from.
 */
public interface Leaf {

    /** Adds to {@link Tensor#grad()} of the weights at once, with libtorch's default generators. */
    Leaf WHOLE = new Leaf() {

        @Override
        public void add(Tensor weight, Tensor gradient) {
            Tensor sum = weight.grad();
            if (sum.defined()) {
                sum.add_(gradient);
            } else {
                weight.mutable_grad().put(gradient);
            }
        }

        @Override
        public Tensor zeros(Tensor weight) {
            try (NoGradGuard guard = new NoGradGuard()) {
                return torch.zeros_like(weight);
            }
        }

        @Override
        public Generator generator() {
            return null;
        }
    };

    /**
     * Takes the gradient of a weight, once for each weight that is trained. It may be changed and kept: the caller uses
     * it no more.
     */
    void add(Tensor weight, Tensor gradient);

    /** Zeros of the shape of a weight, for a gradient with many parts, which then goes to {@link #add}. */
    Tensor zeros(Tensor weight);

    /** The random numbers of dropout on the CPU; null: those of libtorch's default generator. */
    Generator generator();
}
