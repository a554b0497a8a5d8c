package perdure.train;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.device.Readback;

/**
 * A step that the device was given, and that may not have ended. Its loss and its gradient norm stay on the device until
 * somebody reads them, so that the device can be given the next step before.
 *
 * <p>The device itself leaves out the update if one of the two is not finite, and the updates of all steps that were begun
 * before that was read: then they have changed nothing, and are begun again.
 */
final class BegunStep implements AutoCloseable {

    private final BegunStep before; // which is not read yet; null: none
    private Tensor loss; // a scalar in float64 on the device
    private Tensor skip; // a scalar in float32 on the device: 1, or 0
    private Readback numbers; // the loss and the norm

    BegunStep(BegunStep before) {
        this.before = before;
    }

    /** Adds the sum of some token losses, a scalar in float64 on the device. Returns 0: it is not known. */
    double addLoss(Tensor sum) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            if (loss == null) {
                loss = sum.clone().retainReference();
            } else {
                loss.add_(sum);
            }
        }
        return 0;
    }

    /**
     * Sets the norm, a scalar in float64 on the device. Returns a scalar in float32 there: 1 if the weights must not be
     * updated, else 0.
     */
    Tensor norm(Tensor norm) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            Tensor both = torch.stack(new TensorVector(loss, norm)); // (2)
            numbers = new Readback(both);
            Tensor bad = both.isfinite().all().logical_not().to(ScalarType.Float);
            skip = (before == null ? bad : torch.maximum(bad, before.skip)).retainReference();
        }
        return skip;
    }

    /** The loss sum and the gradient norm. Waits for them. */
    double[] read() {
        return numbers.read();
    }

    @Override
    public void close() {
        if (loss != null) {
            loss.close();
        }
        if (skip != null) {
            skip.close();
            numbers.close();
        }
    }
}
