package perdure.model;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * RMSNorm (Zhang and Sennrich 2019): x / sqrt(mean(x²) + epsilon) * weight, over the hidden size.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code C} hidden size.
 */
final class RmsNorm {

    private final Tensor weight; // (C)
    private final long[] shape;
    private final double epsilon;

    RmsNorm(ModelConfig config, Parameters parameters, String name) {
        epsilon = config.normEpsilon();
        shape = new long[] {config.hiddenSize()};
        weight = parameters.scale(name, config.hiddenSize());
    }

    /**
     * Normalises every position of x [B, T, C] in float32; the tape, if not null, records the backward pass.
     *
     * @param type to which a GPU rounds the result at once
     */
    Tensor forward(Tensor x, ScalarType type, Tape tape) {
        FusedKernels kernels =
                GradMode.is_enabled() || !FusedKernels.normalises(shape[0]) ? null : FusedKernels.of(x, shape[0]);
        if (kernels != null) {
            return forward(kernels, x.contiguous(), type, tape);
        }
        if (tape == null) {
            return torch.rms_norm(x, shape, new TensorOptional(weight), new DoubleOptional(epsilon));
        }
        Tensor length = torch.linalg_vector_norm(x, new Scalar(2.0), new long[] {-1}, true, new ScalarTypeOptional());
        Tensor scale = length.square_()
                .mul_(new Scalar(1.0 / shape[0]))
                .add_(new Scalar(epsilon))
                .rsqrt_(); // (B, T, 1)
        Tensor savedX = tape.saveForBackward(x);
        Tensor savedScale = tape.saveForBackward(scale);
        tape.record(gradient -> backward(gradient.to(ScalarType.Float), savedX, savedScale, tape));
        return x.mul(scale).mul_(weight);
    }

    private Tensor forward(FusedKernels kernels, Tensor x, ScalarType type, Tape tape) {
        FusedKernels.Norm norm = kernels.norm(x, weight, epsilon, type);
        if (tape != null) {
            Tensor savedX = tape.saveForBackward(x);
            Tensor savedScales = tape.saveForBackward(norm.scales());
            tape.record(gradient -> {
                FusedKernels.NormGradients gradients =
                        kernels.normBackward(gradient, savedX, weight, savedScales, tape.takeSkipped());
                if (weight.requires_grad()) {
                    tape.accumulate(weight, gradients.weight());
                }
                return gradients.x();
            });
        }
        return norm.y();
    }

    // Forward:  y = w ⊙ x · s with s = 1 / sqrt(mean(x²) + ε) of each position
    // Backward: dw = Σ over positions of dy ⊙ x · s, dx = s · (dy ⊙ w − x · s² · mean(dy ⊙ w ⊙ x)).
    private Tensor backward(Tensor gradient, Tensor x, Tensor scale, Tape tape) {
        Tensor product = gradient.mul(x).flatten(0, -2); // (B T, C)
        if (weight.requires_grad()) {
            tape.accumulate(weight, torch.mv(product.t(), scale.flatten()));
        }
        Tensor sum = torch.mv(product, weight).view_as(scale); // (B, T, 1)
        return gradient.mul(weight)
                .addcmul_(x, sum.mul_(scale).mul_(scale), new Scalar(-1.0 / shape[0]))
                .mul_(scale);
    }
}
