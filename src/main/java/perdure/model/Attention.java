package perdure.model;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Causal self-attention with grouped queries (Ainslie et al. 2023) and rotary positions.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code S} time with what is cached, {@code C} hidden size, {@code H} query
 * heads, {@code K} key and value heads, {@code D} head size.
 */
final class Attention {

    private final ModelConfig config;
    private final Rotary rotary;
    private final Tensor input; // (H D + 2 K D, C): queries, keys, values
    private final Tensor output; // (C, H D)

    Attention(ModelConfig config, Parameters parameters, String prefix, Rotary rotary) {
        this.config = config;
        this.rotary = rotary;
        long queryRows = (long) config.heads() * config.headSize();
        long keyRows = (long) config.keyValueHeads() * config.headSize();
        input = parameters.matrix(
                LanguageModel.deviation(config),
                config.hiddenSize(),
                new Parameters.Rows(prefix + "q_proj.weight", queryRows),
                new Parameters.Rows(prefix + "k_proj.weight", keyRows),
                new Parameters.Rows(prefix + "v_proj.weight", keyRows));
        output = parameters.matrix(
                LanguageModel.residualDeviation(config),
                queryRows,
                new Parameters.Rows(prefix + "o_proj.weight", config.hiddenSize()));
    }

    /**
     * Attends from x [B, T, C] to itself and, with a cache, to what went before; the cache takes the keys and values. The
     * steps back go to the tape, if that is not null; then there is no cache.
     */
    Tensor forward(Tensor x, KeyValueCache cache, int layer, Tape tape) {
        Tensor projected = Linear.apply(x, input, tape); // (B, T, H D + 2 K D)
        Tensor attended = tape == null
                ? attend(projected, cache, layer)
                : tape.byAutograd(projected, leaf -> attend(leaf, null, layer)); // (B, T, H D)
        return Linear.apply(attended, output, tape); // (B, T, C)
    }

    private Tensor attend(Tensor projected, KeyValueCache cache, int layer) {
        long batch = projected.size(0);
        long time = projected.size(1);
        long heads = config.heads();
        long groups = config.keyValueHeads();
        long size = config.headSize();
        long past = cache == null ? 0 : cache.length();

        TensorVector parts = projected.split_with_sizes(new long[] {(heads + groups) * size, groups * size}, 2);
        Tensor turned = rotary.turn(parts.get(0).view(batch, time, heads + groups, size), past)
                .transpose(1, 2); // (B, H + K, T, D)
        TensorVector queriesAndKeys = turned.split_with_sizes(new long[] {heads, groups}, 1);
        Tensor queries = queriesAndKeys.get(0); // (B, H, T, D)
        Tensor keys = queriesAndKeys.get(1); // (B, K, T, D)
        Tensor values = parts.get(1).view(batch, time, groups, size).transpose(1, 2); // (B, K, T, D)
        if (cache != null) {
            keys = cache.appendKeys(layer, keys); // (B, K, S, D)
            values = cache.appendValues(layer, values); // (B, K, S, D)
        }
        return torch.scaled_dot_product_attention(
                        queries,
                        keys,
                        values,
                        past > 0 && time > 1
                                ? new TensorOptional(KeyValueCache.mask(time, past, projected))
                                : new TensorOptional(),
                        0.0,
                        past == 0, // The flash kernel's own causal mask; a single new token sees all that went before.
                        new DoubleOptional(),
                        groups < heads) // (B, H, T, D)
                .transpose(1, 2)
                .reshape(batch, time, heads * size);
    }
}
