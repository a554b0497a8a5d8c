package perdure.model;

import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The low-rank adapter of one linear layer (Hu et al. 2021, LoRA), which may be a part of a stacked one: it adds
 * s·drop(X)·Aᵀ·Bᵀ to the output.
 *
 * <p>Shapes: {@code R} rows, {@code K} inputs, {@code N} outputs, {@code Q} rank.
 *
 * @param from the first of its outputs among those of the stacked layer
 * @param a [Q, K]
 * @param b [N, Q]
 * @param scale the factor s
 * @param dropout probability that a value of the input is dropped while training
 * @param training whether the model is training
 */
record Adapter(long from, Tensor a, Tensor b, double scale, double dropout, BooleanSupplier training) {

    /**
     * What the backward pass needs besides X.
     *
     * @param mask [..., K] of the values that dropout kept; null if it kept all
     * @param reduced H = s·drop(X)·Aᵀ, [R, Q]
     */
    record Saved(Tensor mask, Tensor reduced) {}

    long outputs() {
        return b.size(0);
    }

    /**
     * Adds to output [..., N] what the adapter makes of x [..., K]. Without a tape that is differentiable. With one, the
     * result is what {@link #backward} needs; it is saved for the operation that is recorded next.
     */
    Saved addTo(Tensor output, Tensor x, Tape tape) {
        boolean drops = dropout > 0 && training.getAsBoolean();
        Tensor dropped = x;
        Tensor mask = null;
        if (drops && tape == null) {
            dropped = torch.dropout(x, dropout, true);
        } else if (drops) {
            mask = tape.saveForBackward(tape.keptByDropout(x, dropout));
            dropped = Dropout.masked(x, mask, dropout);
        }
        Tensor reduced = MatrixProduct.forward(dropped, a).mul(new Scalar(scale)); // (..., Q)
        output.add_(MatrixProduct.forward(reduced, b));
        return tape == null ? null : new Saved(mask, tape.saveForBackward(reduced.flatten(0, -2)));
    }

    // Forward:  D = drop(X), H = s·D·Aᵀ, Y = H·Bᵀ
    // Backward: dB = dYᵀ·H; with G = s·dY·B: dA = Gᵀ·D, dX = drop'(G·A), where drop' drops what drop has dropped.
    // Given x [..., K] and the gradient dY [R, N]. Adds dX to inputGradient [R, K]; accumulates dA and dB.
    void backward(Tensor x, Saved saved, Tensor gradient, Tensor inputGradient, Tape tape) {
        tape.accumulate(b, MatrixProduct.weightGradient(gradient, saved.reduced));
        Tensor reducedGradient = MatrixProduct.inputGradient(gradient, b).mul_(new Scalar(scale)); // (R, Q)
        Tensor dropped = dropped(x.flatten(0, -2), saved.mask); // (R, K)
        tape.accumulate(a, MatrixProduct.weightGradient(reducedGradient, dropped));
        inputGradient.add_(dropped(MatrixProduct.inputGradient(reducedGradient, a), saved.mask));
    }

    /** x ⊙ m / (1 − p), where the mask m is 0 for what was dropped, else 1. */
    private Tensor dropped(Tensor x, Tensor mask) {
        return mask == null ? x : Dropout.masked(x, mask.flatten(0, -2), dropout);
    }
}
