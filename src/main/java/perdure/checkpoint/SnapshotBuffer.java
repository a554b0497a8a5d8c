package perdure.checkpoint;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import perdure.safetensors.TensorBytes;

/**
 * Host memory for one snapshot, allocated once. At a save, training waits only while the live tensors are copied into
 * this buffer. One thread captures. Another may read the copy until the next capture.
 */
final class SnapshotBuffer implements AutoCloseable {

    private final Map<String, Tensor> weights = new LinkedHashMap<>();
    private final Map<String, Tensor> moments = new LinkedHashMap<>();

    /** The same snapshot with its tensors copied. Names and shapes must be those of the first one captured. */
    Snapshot capture(Snapshot live) {
        copy(live.weights(), weights);
        copy(live.moments(), moments);
        return new Snapshot(live.config(), live.lora(), weights, moments, live.state(), live.tokenizer());
    }

    private static void copy(Map<String, Tensor> live, Map<String, Tensor> copies) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGradient = new NoGradGuard()) {
            live.forEach((name, tensor) -> copy(tensor, copies.computeIfAbsent(name, absent -> like(tensor))));
        }
    }

    /** Copies plain bytes where possible: that needs no other thread, which would have to wait on a busy machine. */
    private static void copy(Tensor tensor, Tensor copy) {
        if (tensor.is_cpu() && tensor.is_contiguous() && tensor.nbytes() > 0) {
            Pointer.memcpy(copy.data_ptr(), tensor.data_ptr(), tensor.nbytes());
        } else {
            copy.copy_(tensor);
        }
    }

    /** An empty tensor of the same type and shape: on the CPU, contiguous, and kept beyond the scope. */
    private static Tensor like(Tensor tensor) {
        TensorOptions type = new TensorOptions(tensor.scalar_type());
        return torch.empty(TensorBytes.shape(tensor), type, new MemoryFormatOptional())
                .retainReference();
    }

    @Override
    public void close() {
        weights.values().forEach(Tensor::close);
        moments.values().forEach(Tensor::close);
        weights.clear();
        moments.clear();
    }
}
