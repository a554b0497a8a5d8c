package perdure.model;

import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The gated feed-forward SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)), with or without
 * biases.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code C} hidden size, {@code I} intermediate size.
 */
final class FeedForward {

    private final Linear gateAndUp; // C -> I + I
    private final Linear down; // I -> C

    FeedForward(ModelConfig config, Parameters parameters, String prefix) {
        long inner = config.intermediateSize();
        gateAndUp = parameters.linear(
                config.hiddenSize(),
                config.feedForward().bias(),
                new Parameters.Rows(prefix + "gate_proj", inner),
                new Parameters.Rows(prefix + "up_proj", inner));
        down = parameters.residualLinear(
                inner, config.feedForward().bias(), new Parameters.Rows(prefix + "down_proj", config.hiddenSize()));
    }

    /** Maps x [B, T, C] to [B, T, C], position by position; the tape, if not null, records the backward pass. */
    Tensor forward(Tensor x, Tape tape) {
        if (tape == null) {
            return down.forward(swiGlu(x), null);
        }
        FusedKernels kernels = kernels(x);
        return kernels == null ? onTape(x, tape) : down.forward(swiGlu(kernels, x, tape), tape);
    }

    /** The type in which a GPU multiplies x. */
    ScalarType inputType() {
        return gateAndUp.weight().type();
    }

    private Tensor swiGlu(Tensor x) {
        FusedKernels kernels = kernels(x);
        if (kernels != null) {
            return kernels.swiGlu(gateAndUp.forward(x, null));
        }
        TensorVector parts = gateAndUp.forward(x, null).chunk(2, 2); // (B, T, I) each
        return torch.silu(parts.get(0)).mul(parts.get(1));
    }

    /**
     * With gate and up contiguous, because element-wise operations are slow on tensors with gaps. The backward pass computes
     * y, the input of down, again: keeping it would take half as much memory again as these two.
     */
    private Tensor onTape(Tensor x, Tape tape) {
        Linear.Parts parts = gateAndUp.forwardInParts(x, 2, tape, true); // (B, T, I) each
        Tensor gate = tape.saveForBackward(parts.outputs()[0]);
        Tensor up = tape.saveForBackward(parts.outputs()[1]);
        Linear.Parts whole = down.forwardInParts(torch.silu(gate).mul_(up), 1, tape, false);
        tape.record(gradient -> backward(gradient, whole.saved(), parts.saved(), gate, up, tape));
        return whole.outputs()[0];
    }

    private Tensor swiGlu(FusedKernels kernels, Tensor x, Tape tape) {
        Linear.Parts whole = gateAndUp.forwardInParts(x, 1, tape, true);
        Tensor both = tape.saveForBackward(whole.outputs()[0]); // (B, T, I + I)
        tape.record(gradient -> {
            kernels.swiGluBackward(gradient.to(both.scalar_type()), both);
            return gateAndUp.backward(whole.saved(), tape, both);
        });
        return kernels.swiGlu(both);
    }

    private FusedKernels kernels(Tensor x) {
        return GradMode.is_enabled() ? null : FusedKernels.of(x, down.inputs());
    }

    // Forward:  g = gate(x), u = up(x), s = silu(g) = g · σ(g), y = s ⊙ u, z = down(y)
    // Backward: dy from dz by down; du = dy ⊙ s, dg = dy ⊙ u ⊙ silu'(g) with silu'(g) = σ(g) · (1 + g · (1 − σ(g)));
    //           dx from both.
    private Tensor backward(
            Tensor gradient, Linear.Saved ofDown, Linear.Saved ofGateAndUp, Tensor gate, Tensor up, Tape tape) {
        Tensor silu = torch.silu(gate); // (B, T, I), and so are those that follow
        Tensor productGradient = NestedScope.evaluate(() -> {
            Linear.Saved whole = down.needsInput() ? ofDown.with(silu.mul(up)) : ofDown;
            return down.backward(whole, tape, gradient).to(gate.scalar_type());
        });
        Tensor gateGradient = torch.silu_backward(up.mul_(productGradient), gate);
        return gateAndUp.backward(ofGateAndUp, tape, gateGradient, silu.mul_(productGradient));
    }
}
