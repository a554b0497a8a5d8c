package perdure.model;

import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** One layer of the decoder: attention and feed-forward, each on a normalised copy of the residual stream. */
final class DecoderLayer {

    private final Attention attention;
    private final FeedForward feedForward;
    private final RootMeanSquareNorm attentionNorm;
    private final RootMeanSquareNorm feedForwardNorm;

    DecoderLayer(ModelConfig config, Parameters parameters, String prefix, Rotary rotary) {
        attention = new Attention(config, parameters, prefix + "self_attn.", rotary);
        feedForward = new FeedForward(config, parameters, prefix + "mlp.");
        attentionNorm = new RootMeanSquareNorm(config, parameters, prefix + "input_layernorm.weight");
        feedForwardNorm = new RootMeanSquareNorm(config, parameters, prefix + "post_attention_layernorm.weight");
    }

    /** Maps the residual stream x [B, T, C] to [B, T, C]; the steps back go to the tape, if that is not null. */
    Tensor forward(Tensor x, KeyValueCache cache, int layer, Dropout dropout, Tape tape) {
        Tensor middle = added(
                x,
                tape,
                branch -> dropout.apply(
                        attention.forward(attentionNorm.forward(x, branch), cache, layer, branch), branch));
        return added(
                middle,
                tape,
                branch -> dropout.apply(feedForward.forward(feedForwardNorm.forward(middle, branch), branch), branch));
    }

    private static Tensor added(Tensor x, Tape tape, Function<Tape, Tensor> residual) {
        Tape branch = tape == null ? null : tape.branch();
        return Temporaries.freedBy(() -> x.add(residual.apply(branch)));
    }
}
