package perdure.model;

import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Causal self-attention with grouped queries (Ainslie et al. 2023) and rotary positions. Where the configuration says
 * so, it has biases, normalises every head of queries and keys before the rotation (Henry et al. 2020, Query-key
 * normalization for Transformers), or rotates nothing in some layers.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code S} time including the cached tokens, {@code C} hidden size, {@code
 * H} query heads, {@code K} key and value heads, {@code D} head size.
 */
final class Attention {

    private final ModelConfig config;
    private final int layer;
    private final RotaryEmbedding rotary; // null: this layer rotates nothing
    private final Linear input; // C -> H D + K D + K D: queries, keys, values
    private final Linear output; // H D -> C
    private final List<Tensor> scales; // (D) each, of queries and keys; none without norms

    /** @param layer the index of its decoder layer, from 0 */
    Attention(ModelConfig config, Parameters parameters, String prefix, int layer, RotaryEmbedding rotary) {
        this.config = config;
        this.layer = layer;
        this.rotary = config.attention().rotary().layersWithout().contains(layer) ? null : rotary;
        long queryRows = (long) config.heads() * config.headSize();
        long keyRows = (long) config.keyValueHeads() * config.headSize();
        input = parameters.linear(
                config.hiddenSize(),
                config.attention().inputBias(),
                new Parameters.Rows(prefix + "q_proj", queryRows),
                new Parameters.Rows(prefix + "k_proj", keyRows),
                new Parameters.Rows(prefix + "v_proj", keyRows));
        output = parameters.residualLinear(
                queryRows,
                config.attention().outputBias(),
                new Parameters.Rows(prefix + "o_proj", config.hiddenSize()));
        scales = config.attention().queryKeyNorms()
                ? List.of(
                        parameters.scale(prefix + "q_norm", config.headSize()),
                        parameters.scale(prefix + "k_norm", config.headSize()))
                : List.of();
    }

    /**
     * Attends from x [B, T, C] to itself and, with caches, one for each of the B, to the tokens before; the caches store
     * the new keys and values. The tape, if not null, records the backward pass; then there must be no caches. Nor with
     * documents, which attention does not cross.
     */
    Tensor forward(Tensor x, List<KeyValueCache> caches, DocumentGroups documents, Tape tape) {
        Tensor projected = input.forward(x, tape); // (B, T, H D + 2 K D)
        if (documents == null) {
            FusedKernels kernels = caches != null || !scales.isEmpty() || GradMode.is_enabled()
                    ? null
                    : FlashAttention.kernels(projected, config);
            if (kernels != null) {
                return output.forward(FlashAttention.attend(kernels, projected, rotary, config, tape), tape);
            }
            boolean rotated = caches == null
                    && rotary != null
                    && scales.isEmpty()
                    && rotary.rotateInPlace(projected, config.heads() + config.keyValueHeads(), tape);
            return output.forward(
                    recorded(
                            projected,
                            tape,
                            (leaf, norms) ->
                                    rotated ? attend(leaf, norms, null, true) : attendEach(leaf, norms, caches)),
                    tape); // (B, T, C)
        }
        Tensor gathered = documents.gather(projected, tape); // (M, H D + 2 K D)
        Tensor attended = recorded(
                gathered,
                tape,
                (leaf, norms) -> documents.each(leaf, group -> attend(group, norms, null, false))); // (M, H D)
        return output.forward(documents.restore(attended, x.size(0), x.size(1), tape), tape); // (B, T, C)
    }

    /**
     * Between the two linear layers autograd makes the gradient. oneDNN computes no product there, and the backward
     * kernel of flash attention needs results that only its forward kernel has.
     */
    private Tensor recorded(Tensor x, Tape tape, BiFunction<Tensor, List<Tensor>, Tensor> function) {
        return tape == null ? function.apply(x, scales) : tape.recordAutograd(x, scales, function);
    }

    /** Sequences with caches may have different lengths, so each attends alone. */
    private Tensor attendEach(Tensor x, List<Tensor> norms, List<KeyValueCache> caches) {
        if (caches == null || caches.size() == 1) {
            return attend(x, norms, caches == null ? null : caches.get(0), false);
        }
        TensorVector rows = new TensorVector();
        for (int i = 0; i < caches.size(); i++) {
            rows.push_back(attend(x.narrow(0, i, 1), norms, caches.get(i), false));
        }
        return torch.cat(rows, 0);
    }

    /**
     * On the CPU in float32, also for x in bf16, but for what {@link BlockAttention} does.
     *
     * @param norms the scales of the norms of queries and keys, if there are any
     * @param rotated whether the positions are in x already
     */
    private Tensor attend(Tensor x, List<Tensor> norms, KeyValueCache cache, boolean rotated) {
        Tensor projected = x.is_cpu() ? x.to(ScalarType.Float) : x;
        long batch = projected.size(0);
        long time = projected.size(1);
        long heads = config.heads();
        long groups = config.keyValueHeads();
        long size = config.headSize();
        long past = cache == null ? 0 : cache.length();

        TensorVector parts = projected.split_with_sizes(new long[] {(heads + groups) * size, groups * size}, 2);
        Tensor joined = parts.get(0).view(batch, time, heads + groups, size); // (B, T, H + K, D)
        TensorVector queriesAndKeys = (rotated
                        ? joined
                        : positioned(normalised(joined, norms), past).to(projected.scalar_type()))
                .transpose(1, 2) // (B, H + K, T, D)
                .split_with_sizes(new long[] {heads, groups}, 1);
        Tensor queries = queriesAndKeys.get(0); // (B, H, T, D)
        Tensor keys = queriesAndKeys.get(1); // (B, K, T, D)
        Tensor values = parts.get(1).view(batch, time, groups, size).transpose(1, 2); // (B, K, T, D)
        if (cache != null) {
            keys = cache.appendKeys(layer, keys); // (B, K, S, D)
            values = cache.appendValues(layer, values); // (B, K, S, D)
        }
        boolean expands = groups < heads && x.is_cuda() && x.scalar_type().intern() == ScalarType.Float;
        if (expands) { // The GPU's kernel of float32 knows no groups.
            keys = keys.repeat_interleave(heads / groups, new LongOptional(1), new LongOptional()); // (B, H, S, D)
            values = values.repeat_interleave(heads / groups, new LongOptional(1), new LongOptional());
        }
        boolean blocks = x.is_cpu()
                && x.scalar_type().intern() == ScalarType.BFloat16
                && cache == null
                && BlockAttention.suits(time);
        Tensor attended = blocks
                ? BlockAttention.attend(queries, keys, values)
                : torch.scaled_dot_product_attention(
                        queries,
                        keys,
                        values,
                        past > 0 && time > 1
                                ? new TensorOptional(KeyValueCache.mask(time, past, projected))
                                : new TensorOptional(),
                        0.0,
                        past == 0, // The flash kernel's own causal mask; a single new token sees all tokens before it.
                        new DoubleOptional(),
                        groups < heads && !expands); // (B, H, T, D)
        return attended.transpose(1, 2) // (B, T, H, D)
                .reshape(batch, time, heads * size); // (B, T, H D)
    }

    /** Heads x [B, T, H + K, D] with positions from {@code past} on. */
    private Tensor positioned(Tensor x, long past) {
        return rotary == null ? x : rotary.apply(x, past);
    }

    /** The type in which a GPU multiplies x. */
    ScalarType inputType() {
        return input.weight().type();
    }

    /** The RMSNorm of every head of queries and keys, x [B, T, H + K, D], if there is one. */
    private Tensor normalised(Tensor x, List<Tensor> norms) {
        if (norms.isEmpty()) {
            return x;
        }
        long size = config.headSize();
        TensorVector ofHeads = new TensorVector(
                norms.get(0).expand(config.heads(), size), norms.get(1).expand(config.keyValueHeads(), size));
        return torch.rms_norm(x, new long[] {size}, new TensorOptional(), new DoubleOptional(config.normEpsilon()))
                .mul(torch.cat(ofHeads, 0)); // (H + K, D)
    }
}
