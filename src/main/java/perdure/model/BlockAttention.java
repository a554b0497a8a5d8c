package perdure.model;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Causal attention with products in bf16 on the CPU, one block of queries at a time: softmax(Q·Kᵀ / √D + M)·V, where the
 * mask M is -∞ for keys after the query. Softmax computes in float32. The flash kernel of the CPU takes twice as long in
 * float32, and more than ten times as long in bf16.
 *
 * <p>The backward pass needs the attention weights, B H T² / 2 values. So long sequences are left to the flash kernel,
 * which computes them anew, and so are short ones, for which it is as fast.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code H} query heads, {@code K} key and value heads, {@code G} = H / K,
 * {@code D} head size, {@code R} rows of a block, {@code S} keys up to its end.
 */
final class BlockAttention {

    private static final long SHORTEST = 128;
    private static final long LONGEST = 1024;

    /** Rows of a block: few, so that most of what the mask hides is not computed, and enough for fast products. */
    private static final long BLOCK = 256;

    private BlockAttention() {}

    /** Whether it suits a sequence of that many tokens. */
    static boolean suits(long time) {
        return time >= SHORTEST && time <= LONGEST;
    }

    /** The result [B, H, T, D] in bf16 of queries [B, H, T, D], and keys and values [B, K, T, D]; differentiable. */
    static Tensor attend(Tensor queries, Tensor keys, Tensor values) {
        Tensor q = queries.to(ScalarType.BFloat16); // (B, H, T, D)
        Tensor k = keys.to(ScalarType.BFloat16).flatten(0, 1); // (B K, T, D)
        Tensor v = values.to(ScalarType.BFloat16).flatten(0, 1); // (B K, T, D)
        long time = q.size(2);
        TensorVector blocks = new TensorVector();
        for (long from = 0; from < time; from += BLOCK) {
            long end = Math.min(from + BLOCK, time);
            blocks.push_back(
                    block(q.narrow(2, from, end - from), k.narrow(1, 0, end), v.narrow(1, 0, end))); // (B, H, R, D)
        }
        return blocks.size() == 1 ? blocks.get(0) : torch.cat(blocks, 2);
    }

    /** One block: q [B, H, R, D], k and v [B K, S, D]. */
    private static Tensor block(Tensor q, Tensor k, Tensor v) {
        long[] shape = q.sizes().vec().get();
        long rows = shape[2];
        long size = shape[3];
        long end = k.size(1);
        Tensor stacked = q.reshape(k.size(0), -1, size); // (B K, G R, D)
        Tensor mask = torch.full(new long[] {rows, end}, new Scalar(Double.NEGATIVE_INFINITY), k.options())
                .triu_(end - rows + 1) // (R, S)
                .repeat(stacked.size(1) / rows, 1); // (G R, S)
        Tensor scores =
                torch.baddbmm(mask, stacked, k.transpose(1, 2), new Scalar(1.0), new Scalar(1 / Math.sqrt(size)));
        return torch.bmm(torch.softmax(scores, 2), v).view(shape); // (B K, G R, S)·(B K, S, D)
    }
}
