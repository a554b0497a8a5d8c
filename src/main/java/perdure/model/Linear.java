package perdure.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A linear layer, Y = X·Wᵀ + b, or several layers with the same input, whose rows are stacked.
 *
 * <p>Shapes: {@code R} rows, {@code K} inputs, {@code N} outputs.
 *
 * @param weight [N, K]
 * @param bias [N], or null for none
 */
record Linear(Tensor weight, Tensor bias) {

    /** Maps x [..., K] to [..., N]; the tape, if not null, records the backward pass. Without one it is differentiable. */
    Tensor forward(Tensor x, Tape tape) {
        if (tape != null) {
            Tensor savedX = tape.saveForBackward(x);
            tape.record(gradient -> backward(savedX, gradient));
        }
        return affine(x, weight, bias);
    }

    /** As {@link #forward}, in {@code parts} equal parts [..., N / parts], each contiguous; records nothing. */
    Tensor[] forwardInParts(Tensor x, int parts) {
        Tensor[] outputs = new Tensor[parts];
        for (int part = 0; part < parts; part++) {
            outputs[part] = affine(x, rowsOf(weight, part, parts), bias == null ? null : rowsOf(bias, part, parts));
        }
        return outputs;
    }

    private static Tensor affine(Tensor x, Tensor weight, Tensor bias) {
        Tensor product = MatrixProduct.forward(x, weight);
        return bias == null ? product : product.add_(bias);
    }

    // Forward:  Y = X·Wᵀ + b
    // Backward: dX = dY·W, dW = dYᵀ·X, db = Σ over rows of dY.
    // In equal parts, Yᵢ = X·Wᵢᵀ + bᵢ, given the parts' gradients: dX = Σ dYᵢ·Wᵢ; dW and db are stacked like W and b.
    // Returns dX in the shape of x [..., K]; accumulates dW and db.
    Tensor backward(Tensor x, Tensor... gradients) {
        Tensor rows = x.flatten(0, -2); // (R, K)
        TensorVector weightGradients = new TensorVector();
        TensorVector biasGradients = new TensorVector();
        Tensor inputGradient = null; // (R, K)
        for (int part = 0; part < gradients.length; part++) {
            Tensor gradient = gradients[part].flatten(0, -2); // (R, N / parts)
            Tensor partWeight = rowsOf(weight, part, gradients.length); // (N / parts, K)
            weightGradients.push_back(MatrixProduct.weightGradient(gradient, rows, partWeight));
            if (bias != null) {
                biasGradients.push_back(gradient.sum(0));
            }
            Tensor share = MatrixProduct.inputGradient(gradient, partWeight);
            inputGradient = inputGradient == null ? share : inputGradient.add_(share);
        }
        Tape.accumulate(weight, stacked(weightGradients));
        if (bias != null) {
            Tape.accumulate(bias, stacked(biasGradients));
        }
        return inputGradient.view_as(x);
    }

    private static Tensor rowsOf(Tensor whole, int part, int parts) {
        long count = whole.size(0) / parts;
        return whole.narrow(0, part * count, count);
    }

    private static Tensor stacked(TensorVector parts) {
        return parts.size() == 1 ? parts.get(0) : torch.cat(parts, 0);
    }
}
