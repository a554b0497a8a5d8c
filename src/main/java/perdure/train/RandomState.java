package perdure.train;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The states of libtorch's default random generators, which dropout uses: that of the CPU, and that of the GPU if the
 * run is on one. Everything else that is random has a generator of its own.
 */
public final class RandomState {
    private final Device device;

    public RandomState(Device device) {
        this.device = device;
    }

    /** Seeds the generators. */
    void seed(long seed) {
        torch.manual_seed(seed);
    }

    /** The states in base64, by device type ({@code cpu}, {@code cuda}). */
    public Map<String, String> save() {
        Map<String, String> states = new LinkedHashMap<>();
        try (PointerScope scope = new PointerScope()) {
            states.put("cpu", encode(torch.getDefaultCPUGenerator()));
            if (device.is_cuda()) {
                states.put("cuda", encode(torch.globalContext().defaultGenerator(device)));
            }
        }
        return states;
    }

    /**
     * Restores saved states. A device without a saved state keeps its current one.
     *
     * @throws IllegalStateException if a saved state has the wrong length
     */
    void restore(Map<String, String> states) {
        try (PointerScope scope = new PointerScope()) {
            decode(torch.getDefaultCPUGenerator(), states.get("cpu"));
            if (device.is_cuda()) {
                decode(torch.globalContext().defaultGenerator(device), states.get("cuda"));
            }
        }
    }

    private static String encode(Generator generator) {
        Tensor state = generator.get_state();
        byte[] bytes = new byte[Math.toIntExact(state.nbytes())];
        new BytePointer(state.data_ptr()).get(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static void decode(Generator generator, String saved) {
        if (saved == null) {
            return;
        }
        byte[] bytes = Base64.getDecoder().decode(saved);
        Tensor state = generator.get_state();
        if (bytes.length != state.nbytes()) {
            throw new IllegalStateException(
                    "A saved generator state has " + bytes.length + " bytes, not " + state.nbytes() + ".");
        }
        new BytePointer(state.data_ptr()).put(bytes);
        generator.set_state(state);
    }
}
