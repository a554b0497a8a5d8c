package perdure.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Dropout of the embeddings and of the output of each residual branch, as in GPT-2. There is none inside attention,
 * where it would switch the flash kernel off. The random numbers are those of the {@link Leaf}.
 */
record Dropout(double probability) {

    Dropout {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException("dropout " + probability + " is not in [0, 1).");
        }
    }

    /** Drops some values of x and scales the others up; the tape, if not null, records the backward pass. */
    Tensor forward(Tensor x, Tape tape) {
        if (probability == 0) {
            return x;
        }
        if (tape == null) {
            return torch.dropout(x, probability, true);
        }
        Tensor mask = tape.saveForBackward(tape.keptByDropout(x, probability));
        // Forward:  y = x ⊙ m / (1 − p), where m is 0 with probability p and else 1
        // Backward: dx = dy ⊙ m / (1 − p).
        tape.record(gradient -> masked(gradient, mask, probability));
        return masked(x, mask, probability);
    }

    /** x ⊙ m / (1 − p). */
    static Tensor masked(Tensor x, Tensor mask, double probability) {
        return torch.native_dropout_backward(x, mask, 1 / (1 - probability));
    }
}
