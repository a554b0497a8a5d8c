package perdure.model;

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

    Tensor apply(Tensor x) {
        return probability == 0 ? x : torch.dropout(x, probability, true);
    }
}
