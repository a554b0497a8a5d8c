package perdure.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The sum of the token losses (nats) at the output projection, and its gradients. With a large vocabulary, the logits of
 * a whole batch and their copies would take most of the memory of a step. So the gradients are computed together with
 * the loss, for a block of rows at a time, and the block is freed at once.
 *
 * <p>On the CPU, new memory costs more than the arithmetic, and each block is cut into chunks of columns that fit the
 * cache. On a GPU, every operation that is issued costs time, and each block has all columns. There one kernel makes the
 * losses and their gradients ({@link FusedKernels}), or else operators.
 *
 * <p>Shapes: {@code R} rows, {@code C} hidden size, {@code V} vocabulary, {@code P} columns of a chunk.
 */
final class CrossEntropy {

    /** The target of positions without a loss. */
    private static final long IGNORED = -100;

    /** Largest number of logits at a time on the CPU: 256 MB. */
    static final long MAXIMUM_LOGITS = 64 << 20;

    /** Largest number of logits at a time on a GPU by operators: 1 GiB of float32, and half of that in bf16 before. */
    private static final long MAXIMUM_LOGITS_ON_GPU = 256 << 20;

    /** Most bytes of logits at a time with a GPU's kernel, which needs no copy: 2 GiB. */
    private static final long MAXIMUM_BYTES_ON_GPU = 2L << 30;

    /**
     * A GPU's matrix units read whole groups of 16 bytes. A product whose rows are not a multiple of that takes several
     * times as long, and vocabularies are seldom one.
     */
    private static final long ALIGNMENT = 64;

    /** Columns per chunk: few enough for the cache, and for malloc to reuse memory. */
    private static final long CHUNK_COLUMNS = 4096;

    /**
     * The logits of columns {@code from … from + P - 1}.
     *
     * @param exponentials [R, P]: exp(logit - maximum)
     * @param maximum [R, 1] of the row's logits in this chunk
     * @param hasTarget [R]: 1 where the row's target counts and is one of the columns, else 0
     * @param target [R, 1]: its column in this chunk, where it has one
     */
    private record Chunk(long from, Tensor exponentials, Tensor maximum, Tensor hasTarget, Tensor target) {}

    /**
     * Where the gradients are added: {@code scale} [1] times the gradient of the loss sum goes to {@code hidden} [R, C] and
     * {@code weight} [V, C], which is null if the weight is frozen.
     */
    record Gradients(Tensor scale, Tensor hidden, Tensor weight) {

        private Gradients rows(long from, long count) {
            return new Gradients(scale, hidden.narrow(0, from, count), weight);
        }
    }

    private CrossEntropy() {}

    /**
     * The sum of the losses of targets [R] (int64; -100 does not count), given hidden [R, C] and the projection weight
     * [V, C], as a scalar in float64 on their device. The products have the type of both; the rest is float32.
     *
     * @param gradients null if none are wanted
     */
    static Tensor sum(Tensor hidden, Tensor weight, Tensor targets, Gradients gradients) {
        return hidden.is_cpu()
                ? sumOfBlocks(
                        hidden,
                        targets,
                        gradients,
                        MAXIMUM_LOGITS / weight.size(0),
                        (x, y, added) -> sumOfRows(x, weight, y, added))
                : sumInRows(hidden, weight, targets, gradients, MAXIMUM_LOGITS_ON_GPU);
    }

    /** As {@link #sum}, with all columns at once. */
    static Tensor sumInRows(Tensor hidden, Tensor weight, Tensor targets, Gradients gradients, long maximumLogits) {
        long vocabulary = weight.size(0);
        return NestedScope.evaluate(() -> {
            Tensor whole = padded(weight); // (V', C)
            FusedKernels kernels = FusedKernels.of(hidden, whole.size(0));
            return kernels == null
                    ? sumOfBlocks(
                            hidden,
                            targets,
                            gradients,
                            maximumLogits / vocabulary,
                            (x, y, added) -> sumOfWholeRows(x, whole, vocabulary, y, added))
                    : sumOfBlocks(
                            hidden,
                            targets,
                            gradients,
                            MAXIMUM_BYTES_ON_GPU / (whole.size(0) * hidden.element_size()),
                            (x, y, added) -> sumByKernel(kernels, x, whole, vocabulary, y, added));
        });
    }

    /** The sum of the losses of some rows, as a scalar on their device. */
    private interface RowLoss {
        Tensor sum(Tensor hidden, Tensor targets, Gradients gradients);
    }

    /** @param most rows at a time */
    private static Tensor sumOfBlocks(Tensor hidden, Tensor targets, Gradients gradients, long most, RowLoss loss) {
        long rows = hidden.size(0);
        try (NoGradGuard guard = new NoGradGuard()) {
            Tensor sum = torch.zeros(new long[0], hidden.options().dtype(new ScalarTypeOptional(ScalarType.Double)));
            for (long from = 0; from < rows; ) {
                long count = Math.min(Math.max(1, most), rows - from);
                try (PointerScope block = new PointerScope()) {
                    sum.add_(loss.sum(
                            hidden.narrow(0, from, count),
                            targets.narrow(0, from, count),
                            gradients == null ? null : gradients.rows(from, count)));
                }
                from += count;
            }
            return sum;
        }
    }

    /** The weight [V, C] with rows of zeros up to V', a multiple of {@value #ALIGNMENT}. */
    private static Tensor padded(Tensor weight) {
        long vocabulary = weight.size(0);
        long missing = (ALIGNMENT - vocabulary % ALIGNMENT) % ALIGNMENT;
        return missing == 0 ? weight : torch.constant_pad_nd(weight, new long[] {0, 0, 0, missing}, new Scalar(0.0));
    }

    // Forward:  Z = X·Wᵀ, L = Σ over counted rows of log(Σⱼ exp zⱼ) − z_target
    // Backward: dzⱼ = scale · (softmax(z)ⱼ − [j is the target]), or 0 in rows that do not count, both by the kernel;
    //           dX = dZ·W, dW = dZᵀ·X as in a linear layer.
    private static Tensor sumByKernel(
            FusedKernels kernels, Tensor hidden, Tensor weight, long vocabulary, Tensor targets, Gradients gradients) {
        Tensor logits = torch.linear(hidden, weight); // (R, V')
        Tensor losses = kernels.crossEntropy(
                logits, targets.contiguous(), gradients == null ? null : gradients.scale, vocabulary); // (R)
        if (gradients != null) {
            gradients.hidden.add_(torch.matmul(logits, weight));
            if (gradients.weight != null) {
                gradients.weight.add_(
                        MatrixProduct.weightGradient(logits, hidden).narrow(0, 0, vocabulary));
            }
        }
        return losses.sum(new ScalarTypeOptional(ScalarType.Double));
    }

    // Forward:  Z = X·Wᵀ, L = Σ over counted rows of log(Σⱼ exp zⱼ) − z_target
    // Backward: dzⱼ = s · (softmax(z)ⱼ − [j is the target]) with s = scale, or 0 in rows that do not count. With P
    //           for what s multiplies: dX = s ⊙ (P·W), dW = Pᵀ·(s ⊙ X), so that no pass over [R, V] is for s alone.
    // Columns beyond the vocabulary are -∞, so that their softmax, and all that comes from it, is 0.
    private static Tensor sumOfWholeRows(
            Tensor hidden, Tensor weight, long vocabulary, Tensor targets, Gradients gradients) {
        Tensor ignored = targets.eq(new Scalar(IGNORED)).unsqueeze(1); // (R, 1)
        Tensor target = targets.clamp_min(new Scalar(0)).unsqueeze(1); // (R, 1)
        Tensor logits = torch.linear(hidden, weight); // (R, V')
        logits.narrow(1, vocabulary, weight.size(0) - vocabulary).fill_(new Scalar(Double.NEGATIVE_INFINITY));
        Tensor logarithms = torch.log_softmax(logits, 1, new ScalarTypeOptional(ScalarType.Float)); // (R, V')
        Tensor ofTargets = logarithms.gather(1, target); // (R, 1)
        if (gradients != null) {
            Tensor scale = ignored.logical_not().to(ScalarType.Float).mul_(gradients.scale); // (R, 1)
            Tensor gradient = torch.exp_out(logits, logarithms); // (R, V'), in the memory of the logits
            gradient.scatter_(1, target, ofTargets.exp().sub_(new Scalar(1.0)).to(gradient.scalar_type()));
            gradients.hidden.addcmul_(torch.matmul(gradient, weight), scale);
            if (gradients.weight != null) {
                Tensor scaled = hidden.mul(scale).to(hidden.scalar_type()); // (R, C)
                gradients.weight.add_(torch.matmul(gradient.t(), scaled).narrow(0, 0, vocabulary));
            }
        }
        return ofTargets.masked_fill(ignored, new Scalar(0.0)).sum().neg_();
    }

    private static Tensor sumOfRows(Tensor hidden, Tensor weight, Tensor targets, Gradients gradients) {
        Tensor counted = targets.ne(new Scalar(IGNORED)).to(ScalarType.Float); // (R)
        Tensor targetLogits = torch.zeros_like(counted); // (R)
        List<Chunk> chunks = new ArrayList<>();
        TensorVector logSums = new TensorVector(); // (R) of each chunk
        long vocabulary = weight.size(0);
        for (long from = 0; from < vocabulary; from += CHUNK_COLUMNS) {
            long columns = Math.min(CHUNK_COLUMNS, vocabulary - from);
            Tensor logits = MatrixProduct.forward(hidden, weight.narrow(0, from, columns))
                    .to(ScalarType.Float); // (R, P)
            Tensor column = targets.sub(new Scalar(from)); // (R)
            Tensor target = column.clamp_min(new Scalar(0))
                    .clamp_max_(new Scalar(columns - 1))
                    .unsqueeze(1); // (R, 1)
            Tensor hasTarget = column.eq(target.squeeze(1)).to(ScalarType.Float).mul_(counted); // (R)
            targetLogits.addcmul_(logits.gather(1, target).squeeze(1), hasTarget);
            Tensor maximum = logits.amax(new long[] {1}, true); // (R, 1)
            Tensor exponentials = logits.sub_(maximum).exp_(); // (R, P)
            logSums.push_back(exponentials.sum(1).log_().add_(maximum.squeeze(1)));
            chunks.add(new Chunk(from, exponentials, maximum, hasTarget, target));
        }
        Tensor logSum = torch.stack(logSums).logsumexp(0); // (R)
        if (gradients != null) {
            Tensor scale = counted.mul(gradients.scale); // (R)
            for (Chunk chunk : chunks) {
                try (PointerScope own = new PointerScope()) {
                    backward(chunk, hidden, weight, logSum, scale, gradients);
                }
            }
        }
        return logSum.mul(counted).sub(targetLogits).sum();
    }

    // Forward:  Z = X·Wᵀ, L = Σ over counted rows of log(Σⱼ exp zⱼ) − z_target
    // Backward: dzⱼ = scale · (softmax(z)ⱼ − [j is the target]), or 0 in rows that do not count;
    //           dX = dZ·W, dW = dZᵀ·X as in a linear layer.
    private static void backward(
            Chunk chunk, Tensor hidden, Tensor weight, Tensor logSum, Tensor scale, Gradients gradients) {
        Tensor factor = chunk.maximum.squeeze(1).sub(logSum).exp_().mul_(scale); // (R)
        Tensor gradient = chunk.exponentials.mul_(factor.unsqueeze(1)); // (R, P)
        gradient.scatter_add_(1, chunk.target, chunk.hasTarget.mul(scale).neg_().unsqueeze(1));
        gradient = gradient.to(hidden.scalar_type());
        long columns = gradient.size(1);
        Tensor part = weight.narrow(0, chunk.from, columns); // (P, C)
        gradients.hidden.add_(MatrixProduct.inputGradient(gradient, part));
        if (gradients.weight != null) {
            MatrixProduct.addWeightGradient(gradients.weight.narrow(0, chunk.from, columns), gradient, hidden);
        }
    }
}
