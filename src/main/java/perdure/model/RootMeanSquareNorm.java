package perdure.model;

import org.bytedeco.pytorch.DoubleOptional;
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

    /** Normalises every position of x [B, T, C]. */
    Tensor forward(Tensor x) {
        return torch.rms_norm(x, shape, new TensorOptional(weight), new DoubleOptional(ModelConfig.RMS_NORM_EPSILON));
    }
}
