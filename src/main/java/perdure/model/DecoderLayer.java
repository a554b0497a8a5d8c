package perdure.model;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * One layer of the decoder: attention and feed-forward, each on a normalised copy of the residual stream.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code C} hidden size.
 */
final class DecoderLayer {

    private final Attention attention;
    private final FeedForward feedForward;
    private final RmsNorm attentionNorm;
    private final RmsNorm feedForwardNorm;

    /** @param layer its index, from 0 */
    DecoderLayer(ModelConfig config, Parameters parameters, int layer, RotaryEmbedding rotary) {
        String prefix = "model.layers." + layer + ".";
        attention = new Attention(config, parameters, prefix + "self_attn.", layer, rotary);
        feedForward = new FeedForward(config, parameters, prefix + "mlp.");
        attentionNorm = new RmsNorm(config, parameters, prefix + "input_layernorm");
        feedForwardNorm = new RmsNorm(config, parameters, prefix + "post_attention_layernorm");
    }

    /** Maps the residual stream x [B, T, C] to [B, T, C]; the tape, if not null, records the backward pass. */
    Tensor forward(Tensor x, List<KeyValueCache> caches, DocumentGroups documents, Dropout dropout, Tape tape) {
        Tensor attended = residual(
                x,
                tape,
                branch -> dropout.forward(
                        attention.forward(
                                attentionNorm.forward(x, attention.inputType(), branch), caches, documents, branch),
                        branch));
        return residual(
                attended,
                tape,
                branch -> dropout.forward(
                        feedForward.forward(feedForwardNorm.forward(attended, feedForward.inputType(), branch), branch),
                        branch));
    }

    /** x plus what its branch computes; {@link Tape#branch} has the backward pass. */
    private static Tensor residual(Tensor x, Tape tape, Function<Tape, Tensor> function) {
        Tape branch = tape == null ? null : tape.branch();
        return NestedScope.evaluate(() -> x.add(function.apply(branch)));
    }
}
