package perdure.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The gated feed-forward SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)).
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code C} hidden size, {@code I} intermediate size.
 */
final class FeedForward {

    private final Tensor input; // (2 I, C): gate, up
    private final Tensor output; // (C, I)

    FeedForward(ModelConfig config, Parameters parameters, String prefix) {
        long inner = config.intermediateSize();
        input = parameters.matrix(
                LanguageModel.deviation(config),
                config.hiddenSize(),
                new Parameters.Rows(prefix + "gate_proj.weight", inner),
                new Parameters.Rows(prefix + "up_proj.weight", inner));
        output = parameters.matrix(
                LanguageModel.residualDeviation(config),
                inner,
                new Parameters.Rows(prefix + "down_proj.weight", config.hiddenSize()));
    }

    /** Maps x [B, T, C] to [B, T, C], position by position. */
    Tensor forward(Tensor x) {
        TensorVector gateAndUp = Linear.apply(x, input).chunk(2, 2); // (B, T, I) each
        return Linear.apply(torch.silu(gateAndUp.get(0)).mul(gateAndUp.get(1)), output);
    }
}
