package perdure.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The sum of token losses (nats) at the output projection, and its gradients, in pieces: for a large vocabulary the
 * logits of a batch, and copies of them, would be most of a step's memory, and new memory costs more than the arithmetic.
 * The gradients are made together with the loss, by hand, so that a piece can be forgotten at once.
 *
 * <p>Shapes: {@code R} rows, {@code C} hidden size, {@code V} vocabulary, {@code P} its part in a piece.
 */
final class CrossEntropy {

    /** Target without a loss. */
    private static final long IGNORED = -100;

    /** Most logits at a time: 256 MB. */
    private static final long LOGITS = 64 << 20;

    /** Columns of a piece: few enough for the cache, and for malloc to give memory that was used before. */
    private static final long COLUMNS = 4096;

    /** Logits of some columns, {@code values} [R, P], turned into exp(logit - largest) of the row. */
    private record Piece(long from, Tensor values, Tensor largest, Tensor inside, Tensor index) {}

    /** Where the gradients go: {@code scale} times that of the loss sum is added. */
    record Gradients(double scale, Tensor hidden, Tensor weight) {

        private Gradients rows(long from, long count) {
            return new Gradients(scale, hidden.narrow(0, from, count), weight);
        }
    }

    private CrossEntropy() {}

    /**
     * The sum over the targets [R] (int64; -100 does not count), given hidden [R, C] and the projection weight [V, C].
     *
     * @param gradients null for none
     */
    static double sum(Tensor hidden, Tensor weight, Tensor targets, Gradients gradients) {
        long rows = hidden.size(0);
        long most = Math.max(1, LOGITS / weight.size(0));
        double sum = 0;
        for (long from = 0; from < rows; from += most) {
            long count = Math.min(most, rows - from);
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                sum += sumOfRows(
                        hidden.narrow(0, from, count),
                        weight,
                        targets.narrow(0, from, count),
                        gradients == null ? null : gradients.rows(from, count));
            }
        }
        return sum;
    }

    private static double sumOfRows(Tensor hidden, Tensor weight, Tensor targets, Gradients gradients) {
        Tensor counted = targets.ne(new Scalar(IGNORED)).to(ScalarType.Float); // (R)
        Tensor targetLogits = torch.zeros_like(counted); // (R)
        List<Piece> pieces = new ArrayList<>();
        TensorVector logSums = new TensorVector();
        long vocabulary = weight.size(0);
        for (long from = 0; from < vocabulary; from += COLUMNS) {
            long columns = Math.min(COLUMNS, vocabulary - from);
            Tensor logits =
                    Linear.apply(hidden, weight.narrow(0, from, columns)).to(ScalarType.Float); // (R, P)
            Tensor place = targets.sub(new Scalar(from)); // (R)
            Tensor index = place.clamp_min(new Scalar(0))
                    .clamp_max_(new Scalar(columns - 1))
                    .unsqueeze(1); // (R, 1)
            Tensor inside = place.eq(index.squeeze(1)).to(ScalarType.Float).mul_(counted); // (R)
            targetLogits.addcmul_(logits.gather(1, index).squeeze(1), inside);
            Tensor largest = logits.amax(new long[] {1}, true); // (R, 1)
            Tensor powers = logits.sub_(largest).exp_(); // (R, P)
            logSums.push_back(powers.sum(1).log_().add_(largest.squeeze(1)));
            pieces.add(new Piece(from, powers, largest, inside, index));
        }
        Tensor logSum = torch.stack(logSums).logsumexp(0); // (R)
        if (gradients != null) {
            Tensor scale = counted.mul(new Scalar(gradients.scale)); // (R)
            for (Piece piece : pieces) {
                addGradients(piece, hidden, weight, logSum, scale, gradients);
            }
        }
        return logSum.mul(counted).sub(targetLogits).sum().item_double();
    }

    /** The gradient of a logit is its probability, less one at the target. */
    private static void addGradients(
            Piece piece, Tensor hidden, Tensor weight, Tensor logSum, Tensor scale, Gradients gradients) {
        Tensor factor = piece.largest.squeeze(1).sub(logSum).exp_().mul_(scale); // (R)
        Tensor gradient = piece.values.mul_(factor.unsqueeze(1)); // (R, P)
        gradient.scatter_add_(1, piece.index, piece.inside.mul(scale).neg_().unsqueeze(1));
        long columns = gradient.size(1);
        Tensor part = weight.narrow(0, piece.from, columns); // (P, C)
        gradients.hidden.add_(Linear.inputGradient(gradient, part));
        gradients.weight.narrow(0, piece.from, columns).add_(Linear.weightGradient(gradient, hidden, part));
    }
}
