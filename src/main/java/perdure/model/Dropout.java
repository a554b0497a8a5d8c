package perdure.model;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Dropout of the embeddings and of the output of each residual branch, as in GPT-2. There is none inside attention,
 * where it would switch the flash kernel off. Uses libtorch's default generator of the device.
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
        T_TensorTensor_T outputAndMask = torch.native_dropout(x, probability, new BoolOptional(true));
        Tensor mask = tape.saveForBackward(outputAndMask.get1());
        // Forward:  y = x ⊙ m / (1 − p), where m is 0 with probability p and else 1
        // Backward: dx = dy ⊙ m / (1 − p).
        tape.record(gradient -> torch.native_dropout_backward(gradient, mask, 1 / (1 - probability)));
        return outputAndMask.get0();
    }
}
