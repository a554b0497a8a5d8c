package perdure.train;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.model.BoxedOperator;

/** The gradients of some weights, taken as one vector. */
public final class Gradients implements AutoCloseable {

    private final List<Tensor> weights;
    private final List<Share> shares;
    private final Lanes lanes;
    private final GradientExchange exchange; // null: there is one rank
    private final List<Tensor> pieces; // of this rank's shard; null: it has all gradients
    private final GradientTree tree;
    private final BoxedOperator norms;
    private final BoxedOperator scale;
    private final BoxedOperator scaleOnDevice;

    /** @param weights the caller's; they must outlive this */
    public Gradients(List<Tensor> weights) {
        this(weights, Lanes.one());
    }

    /** Those of one process. */
    Gradients(List<Tensor> weights, Lanes lanes) {
        this(weights, lanes, null);
    }

    /**
     * @param lanes the threads that compute norms
     * @param exchange adds up those of all ranks; null: there is one
     */
    Gradients(List<Tensor> weights, Lanes lanes, GradientExchange exchange) {
        this.weights = List.copyOf(weights);
        this.lanes = lanes;
        this.exchange = exchange;
        pieces = exchange == null || exchange.shard() == null
                ? null
                : exchange.shard().pieces();
        shares = pieces == null ? Share.all(weights) : Share.each(pieces);
        tree = new GradientTree(weights, exchange);
        norms = new BoxedOperator("aten::_foreach_norm", "Scalar");
        scale = new BoxedOperator("aten::_foreach_mul_", "Scalar");
        scaleOnDevice = new BoxedOperator("aten::_foreach_mul_", "Tensor");
    }

    /** Adds up those of the leaves of a step. */
    GradientTree tree() {
        return tree;
    }

    /** Those of some weights; all of them must be there. */
    static List<Tensor> of(List<Tensor> weights) {
        List<Tensor> gradients = weights.stream().map(Tensor::grad).toList();
        if (!gradients.stream().allMatch(Tensor::defined)) {
            throw new IllegalStateException("A weight has no gradient: clip and step after the backward pass.");
        }
        return gradients;
    }

    /** What this rank has of them. */
    private List<Tensor> own() {
        if (pieces == null) {
            return of(weights);
        }
        exchange.requireSums();
        return pieces;
    }

    /**
     * Scales all gradients so that their global L2 norm is at most {@code largest}; 0 is no limit.
     *
     * @return the norm before scaling; if it is not finite, nothing was scaled, and the caller must not step
     * @throws IllegalStateException if a weight has no gradient
     */
    public double clip(double largest) {
        try (PointerScope scope = new PointerScope()) {
            List<Tensor> gradients = own();
            double[] squares = new double[shares.size()];
            lanes.run(squares.length, i -> squares[i] = squaredNorm(shares.get(i), gradients));
            double[] all = pieces == null ? squares : exchange.ofAllRanks(squares);
            double norm = Math.sqrt(Arrays.stream(all).sum());
            if (largest > 0 && norm > largest && norm < Double.POSITIVE_INFINITY) {
                lanes.run(squares.length, i -> scale(shares.get(i), gradients, largest / norm));
            }
            return norm;
        }
    }

    /** Whether their norm is computed in one piece, so that {@link #clipOnDevice} gives the bytes of {@link #clip}. */
    boolean isOneShare() {
        return pieces == null && shares.size() == 1;
    }

    /**
     * As {@link #clip} of one share, but the device is not waited for. If the norm is not finite, neither are the gradients
     * afterwards.
     *
     * @return the norm before scaling, a scalar in float64 on the device, in the caller's scope
     */
    Tensor clipOnDevice(double largest) {
        try (NoGradGuard guard = new NoGradGuard()) {
            List<Tensor> gradients = own();
            Tensor norm = norm(shares.get(0), gradients).to(ScalarType.Double);
            if (largest > 0) {
                Tensor factor = torch.full_like(norm, new Scalar(largest)).div_(norm);
                scaleOnDevice.call(
                        BoxedOperator.list(shares.get(0).of(gradients)),
                        new IValue(factor.clamp_max_(new Scalar(1.0)).to(ScalarType.Float)));
            }
            return norm;
        }
    }

    private double squaredNorm(Share share, List<Tensor> gradients) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            double norm = norm(share, gradients).item_double();
            return norm * norm;
        }
    }

    private Tensor norm(Share share, List<Tensor> gradients) {
        TensorVector parts = norms.call(
                        BoxedOperator.list(share.of(gradients)), new IValue(new Scalar(2.0)), new IValue())
                .get(0)
                .toTensorVector();
        return torch.stack(parts).norm();
    }

    private void scale(Share share, List<Tensor> gradients, double factor) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            scale.call(BoxedOperator.list(share.of(gradients)), new IValue(new Scalar(factor)));
        }
    }

    /**
     * Drops the gradients, so that the next backward pass sets them instead of adding to them. This is PyTorch's {@code
     * zero_grad(set_to_none=True)}.
     */
    public void zero() {
        try (PointerScope scope = new PointerScope()) {
            weights.forEach(weight -> weight.mutable_grad().reset());
        }
        tree.begin(0);
    }

    @Override
    public void close() {
        tree.close();
        norms.close();
        scale.close();
        scaleOnDevice.close();
    }
}
