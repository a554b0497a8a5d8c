package perdure.model;

import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Causal flash attention in bf16 on a GPU (Dao 2023, FlashAttention-2) with a backward pass on the {@link Tape}. Autograd
 * would make the gradient of queries, keys and values as one tensor in four passes over memory; here that is one.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code H} query heads, {@code K} key and value heads, {@code D} head size.
 */
final class FlashAttention {

    private static final int LARGEST_HEAD = 256;
    private static final int HEAD_MULTIPLE = 8;

    /** libtorch's operators; without methods in Java. */
    private static final class Operators {
        static final BoxedOperator FORWARD = new BoxedOperator("aten::_scaled_dot_product_flash_attention", "");
        static final BoxedOperator BACKWARD =
                new BoxedOperator("aten::_scaled_dot_product_flash_attention_backward", "");
    }

    private FlashAttention() {}

    /** The kernels with which it attends from x to itself; null if it does not. */
    static FusedKernels kernels(Tensor x, ModelConfig config) {
        int size = config.headSize();
        return x.scalar_type().intern() == ScalarType.BFloat16 && size % HEAD_MULTIPLE == 0 && size <= LARGEST_HEAD
                ? FusedKernels.of(x, size / 2)
                : null;
    }

    /**
     * Attends from x [B, T, (H + 2 K) D] to itself, which it may change: [B, T, H D].
     *
     * @param rotary null: nothing is rotated
     * @param tape null: no backward pass follows
     */
    static Tensor attend(FusedKernels kernels, Tensor x, RotaryEmbedding rotary, ModelConfig config, Tape tape) {
        long heads = config.heads();
        long groups = config.keyValueHeads();
        if (rotary != null) {
            rotary.rotateInPlace(kernels, x, heads + groups, 1);
        }
        IValueVector results = Operators.FORWARD.call(
                new IValue(part(x, config, 0, heads)),
                new IValue(part(x, config, heads, groups)),
                new IValue(part(x, config, heads + groups, groups)),
                new IValue(0.0), // dropout
                new IValue(true), // causal
                new IValue(false), // no debug mask
                new IValue()); // scale: 1 / √D
        Tensor attended = tensor(results, 0); // (B, H, T, D)
        if (tape != null) {
            record(kernels, x, rotary, config, results, tape);
        }
        return attended.transpose(1, 2).reshape(x.size(0), x.size(1), heads * config.headSize()); // (B, T, H D)
    }

    // Forward:  y = attention(R·q, R·k, v) with the rotation R of the positions
    // Backward: the operator has the gradients of R·q, R·k and v; of q and k it is that, rotated back.
    private static void record(
            FusedKernels kernels,
            Tensor x,
            RotaryEmbedding rotary,
            ModelConfig config,
            IValueVector results,
            Tape tape) {
        long heads = config.heads();
        long groups = config.keyValueHeads();
        Tensor savedX = tape.saveForBackward(x);
        Tensor attended = tape.saveForBackward(tensor(results, 0));
        Tensor logSums = tape.saveForBackward(tensor(results, 1));
        long queryLength = results.get(4).toInt();
        long keyLength = results.get(5).toInt();
        Tensor seed = tape.saveForBackward(tensor(results, 6));
        Tensor offset = tape.saveForBackward(tensor(results, 7));
        tape.record(gradient -> {
            Tensor ofHeads = gradient.to(ScalarType.BFloat16)
                    .view(savedX.size(0), savedX.size(1), heads, config.headSize())
                    .transpose(1, 2); // (B, H, T, D)
            IValueVector gradients = Operators.BACKWARD.call(
                    new IValue(ofHeads),
                    new IValue(part(savedX, config, 0, heads)),
                    new IValue(part(savedX, config, heads, groups)),
                    new IValue(part(savedX, config, heads + groups, groups)),
                    new IValue(attended),
                    new IValue(logSums),
                    new IValue(new Tensor()), // no sequences of different lengths
                    new IValue(new Tensor()),
                    new IValue(queryLength),
                    new IValue(keyLength),
                    new IValue(0.0),
                    new IValue(true),
                    new IValue(seed),
                    new IValue(offset),
                    new IValue());
            TensorVector parts = new TensorVector();
            for (int i = 0; i < 3; i++) {
                parts.push_back(tensor(gradients, i).transpose(1, 2).contiguous()); // (B, T, H or K, D)
            }
            return rotary == null
                    ? kernels.joined(savedX, parts, null, null)
                    : rotary.rotatedBack(kernels, savedX, parts);
        });
    }

    /** Heads {@code from … from + count - 1} of x [B, T, … D], a view: [B, count, T, D]. */
    private static Tensor part(Tensor x, ModelConfig config, long from, long count) {
        long size = config.headSize();
        return x.narrow(2, from * size, count * size)
                .view(x.size(0), x.size(1), count, size)
                .transpose(1, 2);
    }

    /** A handle of its own, which outlives the list of results. */
    private static Tensor tensor(IValueVector results, int index) {
        return new Tensor(results.get(index).toTensor());
    }
}
