package perdure.model;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** RMSNorm (Zhang and Sennrich 2019): x / sqrt(mean(x²) + epsilon) * weight, over the hidden size. */
final class RootMeanSquareNorm {

    private final Tensor weight; // (C)
    private final long[] shape;

    RootMeanSquareNorm(ModelConfig config, Parameters parameters, String name) {
        shape = new long[] {config.hiddenSize()};
        weight = parameters.vector(name, config.hiddenSize());
    }

    /** Normalises every position of x [B, T, C]; the step back goes to the tape, if that is not null. */
    Tensor forward(Tensor x, Tape tape) {
        if (tape == null) {
            return torch.rms_norm(
                    x, shape, new TensorOptional(weight), new DoubleOptional(ModelConfig.RMS_NORM_EPSILON));
        }
        Tensor length = torch.linalg_vector_norm(x, new Scalar(2.0), new long[] {-1}, true, new ScalarTypeOptional());
        Tensor scale = length.square_()
                .mul_(new Scalar(1.0 / shape[0]))
                .add_(new Scalar(ModelConfig.RMS_NORM_EPSILON))
                .rsqrt_(); // (B, T, 1)
        Tensor keptX = tape.keep(x);
        Tensor keptScale = tape.keep(scale);
        tape.record(gradient -> backward(gradient, keptX, keptScale));
        return x.mul(scale).mul_(weight);
    }

    /** With s the scale: s (g w - x s² mean(g w x)). */
    private Tensor backward(Tensor gradient, Tensor x, Tensor scale) {
        Tensor product = gradient.mul(x).flatten(0, -2); // (B T, C)
        Tape.add(weight, torch.mv(product.t(), scale.flatten()));
        Tensor sum = torch.mv(product, weight).view_as(scale); // (B, T, 1)
        return gradient.mul(weight)
                .addcmul_(x, sum.mul_(scale).mul_(scale), new Scalar(-1.0 / shape[0]))
                .mul_(scale);
    }
}
