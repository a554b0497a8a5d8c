package perdure.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A linear layer, Y = X·Wᵀ + b, or several layers with the same input, whose rows are stacked. Each of these may have a
 * low-rank adapter.
 *
 * <p>The {@link Weight} chooses the type of the three products. Y and dX have that type, X and dY may have another one.
 * The gradients of parameters are float32.
 *
 * <p>Shapes: {@code R} rows, {@code K} inputs, {@code N} outputs.
 *
 * @param weight [N, K], frozen if it requires no gradient
 * @param bias [N], or null for none
 */
record Linear(Weight weight, Tensor bias, List<Adapter> adapters) {

    private static final ScalarTypeOptional FLOAT = new ScalarTypeOptional(ScalarType.Float).retainReference();

    Linear(Weight weight, Tensor bias) {
        this(weight, bias, List.of());
    }

    /**
     * What the backward pass needs.
     *
     * @param shape that of x [..., K]
     * @param type of the products
     * @param x in that type; null if no gradient depends on it, or if it is computed again
     */
    record Saved(long[] shape, ScalarType type, Tensor x, List<Adapter.Saved> adapters) {

        /** The same with x, which was computed again. */
        Saved with(Tensor again) {
            return new Saved(shape, type, again.to(type), adapters);
        }
    }

    /** The outputs of a forward pass, in equal parts [..., N / parts], each contiguous. */
    record Parts(Tensor[] outputs, Saved saved) {}

    /** Maps x [..., K] to [..., N]; the tape, if not null, records the backward pass. Without one it is differentiable. */
    Tensor forward(Tensor x, Tape tape) {
        Parts whole = forwardInParts(x, 1, tape, true);
        if (tape != null) {
            tape.record(gradient -> backward(whole.saved, tape, gradient));
        }
        return whole.outputs[0];
    }

    /**
     * As {@link #forward}, in parts. It records nothing; with a tape it saves what {@link #backward} needs for the
     * operation that is recorded next.
     *
     * @param keepsInput whether x is saved too; else, if it is {@link #needsInput needed}, the backward pass has to be given
     *     it ({@link Saved#with})
     */
    Parts forwardInParts(Tensor input, int parts, Tape tape, boolean keepsInput) {
        Tensor[] outputs = new Tensor[parts];
        Tensor x = weight.factor(input, outputs() / parts); // (..., K)
        Tensor matrix = weight.inTypeOf(x); // (N, K)
        for (int part = 0; part < parts; part++) {
            outputs[part] = affine(x, rowsOf(matrix, part, parts), bias == null ? null : rowsOf(bias, part, parts));
        }
        List<Adapter.Saved> saved = new ArrayList<>();
        for (Adapter adapter : adapters) {
            saved.add(adapter.addTo(outputsOf(adapter, outputs), x, tape));
        }
        return new Parts(outputs, tape == null ? null : save(x, saved, tape, keepsInput));
    }

    private Saved save(Tensor x, List<Adapter.Saved> adaptersSaved, Tape tape, boolean keepsInput) {
        return new Saved(
                x.sizes().vec().get(),
                x.scalar_type().intern(),
                keepsInput && needsInput() ? tape.saveForBackward(x) : null,
                adaptersSaved);
    }

    /** Whether a gradient depends on x. */
    boolean needsInput() {
        return weight.isTrained() || !adapters.isEmpty();
    }

    private static Tensor affine(Tensor x, Tensor weight, Tensor bias) {
        Tensor product = MatrixProduct.forward(x, weight);
        return bias == null ? product : product.add_(bias);
    }

    // Forward:  Y = X·Wᵀ + b
    // Backward: dX = dY·W, dW = dYᵀ·X, db = Σ over rows of dY.
    // In equal parts, Yᵢ = X·Wᵢᵀ + bᵢ, given the parts' gradients: dX = Σ dYᵢ·Wᵢ; dW and db are stacked like W and b.
    // An adapter adds to its rows of Y, and so to dX. What is frozen has no gradient.
    // Returns dX in the shape of x [..., K]; the tape accumulates dW and db.
    Tensor backward(Saved saved, Tape tape, Tensor... gradients) {
        Tensor[] parts = new Tensor[gradients.length]; // (R, N / parts)
        TensorVector weightGradients = new TensorVector();
        TensorVector biasGradients = new TensorVector();
        Tensor inputGradient = null; // (R, K)
        boolean trainsBias = bias != null && bias.requires_grad();
        for (int part = 0; part < gradients.length; part++) {
            Tensor gradient = gradients[part].flatten(0, -2).to(saved.type); // (R, N / parts)
            parts[part] = gradient;
            Tensor partWeight = rowsOf(weight.inTypeOf(gradient), part, gradients.length); // (N / parts, K)
            if (weight.isTrained()) {
                Tensor rows = saved.x.flatten(0, -2); // (R, K)
                weightGradients.push_back(MatrixProduct.weightGradient(gradient, rows));
            }
            if (trainsBias) {
                biasGradients.push_back(gradient.sum(new long[] {0}, false, FLOAT));
            }
            Tensor share = MatrixProduct.inputGradient(gradient, partWeight);
            inputGradient = inputGradient == null ? share : inputGradient.add_(share);
        }
        if (weight.isTrained()) {
            tape.accumulate(weight.values(), stacked(weightGradients));
        }
        if (trainsBias) {
            tape.accumulate(bias, stacked(biasGradients));
        }
        for (int i = 0; i < adapters.size(); i++) {
            Tensor gradient = outputsOf(adapters.get(i), parts).contiguous(); // (R, N of the adapter)
            adapters.get(i).backward(saved.x, saved.adapters.get(i), gradient, inputGradient, tape);
        }
        return inputGradient.view(saved.shape);
    }

    /** The view of an adapter's own outputs, which are in one of the parts. */
    private Tensor outputsOf(Adapter adapter, Tensor[] parts) {
        long count = outputs() / parts.length;
        Tensor part = parts[(int) (adapter.from() / count)];
        return part.narrow(-1, adapter.from() % count, adapter.outputs());
    }

    /** K. */
    long inputs() {
        return weight.values().size(1);
    }

    private long outputs() {
        return weight.values().size(0);
    }

    private static Tensor rowsOf(Tensor whole, int part, int parts) {
        if (parts == 1) {
            return whole; // maybe packed, and then without views
        }
        long count = whole.size(0) / parts;
        return whole.narrow(0, part * count, count);
    }

    private static Tensor stacked(TensorVector parts) {
        return parts.size() == 1 ? parts.get(0) : torch.cat(parts, 0);
    }
}
