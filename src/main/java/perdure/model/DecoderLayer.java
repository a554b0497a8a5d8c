package perdure.model;

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

    /** Maps the residual stream x [B, T, C] to [B, T, C]. */
    Tensor forward(Tensor x, KeyValueCache cache, int layer, Dropout dropout) {
        Tensor middle = Temporaries.freedBy(
                () -> x.add(dropout.apply(attention.forward(attentionNorm.forward(x), cache, layer))));
        return Temporaries.freedBy(
                () -> middle.add(dropout.apply(feedForward.forward(feedForwardNorm.forward(middle)))));
    }
}
