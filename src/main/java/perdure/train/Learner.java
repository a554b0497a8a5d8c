package perdure.train;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.data.Batch;
import perdure.device.Precision;
import perdure.model.LanguageModel;

/**
 * A model with its optimizer, and the device and precision that it is trained with.
 *
 * @param device where the computation runs
 * @param precision of the forward pass
 */
public record Learner(LanguageModel model, Optimizer optimizer, Device device, Precision precision) {

    /** Sum of the token losses of a batch, in nats. */
    public double lossSum(Batch batch) {
        try (PointerScope scope = new PointerScope();
                Precision.Scope arithmetic = precision.open(device)) {
            return model.lossSum(onDevice(batch.ids(), batch), onDevice(batch.targets(), batch), batch.documents());
        }
    }

    /**
     * Runs the forward pass in the caller's scope. The backward pass of the returned loss adds {@code scale} times the
     * gradient of the sum of the token losses.
     *
     * @param ids [B, T] int64, on the device
     * @param targets [B, T] int64, on the device
     * @param documents where they begin, as {@link Batch#documents}
     */
    LanguageModel.Loss forward(Tensor ids, Tensor targets, int[] documents, double scale) {
        try (Precision.Scope arithmetic = precision.open(device)) {
            return model.forward(ids, targets, documents, scale);
        }
    }

    /** Values of a batch as a tensor on the device, [B, T] int64. */
    Tensor onDevice(long[] values, Batch batch) {
        Tensor host = torch.tensor(values).view(batch.rows(), batch.context()); // (B*T) -> (B, T)
        return device.is_cpu() ? host : host.to(device, ScalarType.Long);
    }
}
