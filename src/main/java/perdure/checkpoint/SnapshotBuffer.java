package perdure.checkpoint;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import perdure.device.Devices;
import perdure.safetensors.TensorBytes;

/**
 * Memory for one snapshot, allocated once. At a save, training waits only while the live tensors are copied into this
 * buffer. One thread captures. Another may read the copy until the next capture.
 *
 * <p>The copy of what is on a GPU stays there if there is room: that takes a hundredth of the time. Whoever writes it
 * then fetches it, while training goes on.
 */
final class SnapshotBuffer implements AutoCloseable {

    /** The part of a GPU's free memory that a copy may take. */
    private static final double SHARE_OF_GPU = 0.25;

    private final Map<String, Tensor> weights = new LinkedHashMap<>();
    private final Map<String, Tensor> moments = new LinkedHashMap<>();

    /**
     * The same snapshot with its tensors copied. Names and shapes must be those of the first one captured.
     *
     * @param ofMoments shows its moments to its argument, in one or more calls; copies of those that it does not show
     *     stay as they are
     */
    Snapshot capture(Snapshot live, Consumer<Consumer<Map<String, Tensor>>> ofMoments) {
        boolean onGpu =
                weights.isEmpty() ? fitsOnGpu(live.weights()) : !anyOf(weights).is_cpu();
        copy(live.weights(), weights, onGpu);
        ofMoments.accept(shown -> copy(shown, moments, onGpu));
        if (onGpu) {
            Devices.await(anyOf(weights).device());
        }
        return new Snapshot(live.config(), live.lora(), weights, moments, live.state(), live.tokenizer());
    }

    private static Tensor anyOf(Map<String, Tensor> tensors) {
        return tensors.values().iterator().next();
    }

    /** With two moments for each weight. */
    private static boolean fitsOnGpu(Map<String, Tensor> live) {
        long bytes = 3 * live.values().stream().mapToLong(Tensor::nbytes).sum();
        return bytes < SHARE_OF_GPU * Devices.freeMemory(anyOf(live).device());
    }

    private static void copy(Map<String, Tensor> live, Map<String, Tensor> copies, boolean onGpu) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGradient = new NoGradGuard()) {
            live.forEach((name, tensor) -> copy(tensor, copies.computeIfAbsent(name, absent -> like(tensor, onGpu))));
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

    /** An empty tensor of the same type and shape: contiguous, and kept beyond the scope. */
    private static Tensor like(Tensor tensor, boolean onGpu) {
        TensorOptions type = onGpu ? tensor.options() : new TensorOptions(tensor.scalar_type());
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
