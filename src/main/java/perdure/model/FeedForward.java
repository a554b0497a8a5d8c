package perdure.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The gated feed-forward SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)).
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code C} hidden size, {@code I} intermediate size.
 */
final class FeedForward {

    private final Tensor input; // (2 I, C): gate, up
    private final Tensor output; // (C, I)

    FeedForward(ModelConfig config, Parameters parameters, String prefix) {
        long inner = config.intermediateSize();
        input = parameters.matrix(
                LanguageModel.deviation(config),
                config.hiddenSize(),
                new Parameters.Rows(prefix + "gate_proj.weight", inner),
                new Parameters.Rows(prefix + "up_proj.weight", inner));
        output = parameters.matrix(
                LanguageModel.residualDeviation(config),
                inner,
                new Parameters.Rows(prefix + "down_proj.weight", config.hiddenSize()));
    }

    /** Maps x [B, T, C] to [B, T, C], position by position; the steps back go to the tape, if that is not null. */
    Tensor forward(Tensor x, Tape tape) {
        if (tape == null) {
            TensorVector gateAndUp = Linear.apply(x, input).chunk(2, 2); // (B, T, I) each
            return Linear.apply(torch.silu(gateAndUp.get(0)).mul(gateAndUp.get(1)), output);
        }
        return Linear.apply(gated(x, tape), output, tape);
    }

    /** Gate and up each whole: what follows is slow on tensors with gaps. */
    private Tensor gated(Tensor x, Tape tape) {
        TensorVector weights = input.chunk(2, 0); // (I, C) each
        Tensor gate = Linear.apply(x, weights.get(0)); // (B, T, I)
        Tensor up = Linear.apply(x, weights.get(1)); // (B, T, I)
        Tensor keptX = tape.keep(x);
        Tensor keptGate = tape.keep(gate);
        Tensor keptUp = tape.keep(up);
        tape.record(gradient -> backward(gradient, keptX, keptGate, keptUp));
        return torch.silu(gate).mul_(up);
    }

    private Tensor backward(Tensor gradient, Tensor x, Tensor gate, Tensor up) {
        Tensor upGradient = torch.silu(gate).mul_(gradient).flatten(0, -2); // (B T, I)
        Tensor gateGradient = torch.silu_backward(up.mul_(gradient), gate).flatten(0, -2); // (B T, I)
        Tensor rows = x.flatten(0, -2); // (B T, C)
        TensorVector weights = input.chunk(2, 0); // (I, C) each
        Tensor gateWeight = weights.get(0);
        Tensor upWeight = weights.get(1);
        Tape.add(
                input,
                torch.cat(
                        new TensorVector(
                                Linear.weightGradient(gateGradient, rows, gateWeight),
                                Linear.weightGradient(upGradient, rows, upWeight)),
                        0));
        return Linear.inputGradient(gateGradient, gateWeight)
                .add_(Linear.inputGradient(upGradient, upWeight))
                .view_as(x);
    }
}
