package perdure.model;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Dropout of the embeddings and of what each residual branch adds (GPT-2's places), never inside attention, where it
 * would switch the flash kernel off. Draws from libtorch's default generator of the device.
 */
record Dropout(double probability) {

    Dropout {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException("--dropout " + probability + " is not in [0, 1).");
        }
    }

    /** x with some values dropped and the others scaled up; the step back goes to the tape, if that is not null. */
    Tensor apply(Tensor x, Tape tape) {
        if (probability == 0) {
            return x;
        }
        if (tape == null) {
            return torch.dropout(x, probability, true);
        }
        T_TensorTensor_T dropped = torch.native_dropout(x, probability, new BoolOptional(true));
        Tensor mask = tape.keep(dropped.get1());
        tape.record(gradient -> torch.native_dropout_backward(gradient, mask, 1 / (1 - probability)));
        return dropped.get0();
    }
}
