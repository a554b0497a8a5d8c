package perdure.train;

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
public record Learner(LanguageModel model, AdamW optimizer, Device device, Precision precision) {

    /** Sum of the token losses of a batch, a scalar in the caller's scope; a graph for backward if gradients are on. */
    Tensor lossSum(Batch batch) {
        Tensor ids = onDevice(batch.ids(), batch);
        Tensor targets = onDevice(batch.targets(), batch);
        try (Precision.Scope arithmetic = precision.open(device)) {
            return model.lossSum(ids, targets);
        }
    }

    private Tensor onDevice(long[] values, Batch batch) {
        Tensor host = torch.tensor(values).view(batch.rows(), batch.context()); // (B*T) -> (B, T)
        return device.is_cpu() ? host : host.to(device, ScalarType.Long);
    }
}
