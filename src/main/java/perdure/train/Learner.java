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
 * A model and what it takes to train it.
 *
 * @param device where the arithmetic is done
 * @param precision of the forward pass
 */
public record Learner(LanguageModel model, Optimizer optimizer, Device device, Precision precision) {

    /** Sum of the token losses of a batch. */
    double lossSum(Batch batch) {
        try (PointerScope scope = new PointerScope();
                Precision.Scope arithmetic = precision.open(device)) {
            return model.lossSum(onDevice(batch.ids(), batch), onDevice(batch.targets(), batch));
        }
    }

    /**
     * Forward pass of ids and targets [B, T] on the device, in the caller's scope, whose backward pass adds {@code scale}
     * times the gradient of the sum of the token losses.
     */
    LanguageModel.Loss forward(Tensor ids, Tensor targets, double scale) {
        try (Precision.Scope arithmetic = precision.open(device)) {
            return model.forward(ids, targets, scale);
        }
    }

    /** Values of a batch, [B, T] int64. */
    Tensor onDevice(long[] values, Batch batch) {
        Tensor host = torch.tensor(values).view(batch.rows(), batch.context()); // (B*T) -> (B, T)
        return device.is_cpu() ? host : host.to(device, ScalarType.Long);
    }
}
