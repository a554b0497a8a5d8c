package perdure.device;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The arithmetic of the forward pass. Weights, moments and losses are float32 in both. */
public enum Precision {
    FP32,
    BF16;

    /** Parses {@code fp32} or {@code bf16}. */
    public static Precision parse(String text) {
        return switch (text) {
            case "fp32" -> FP32;
            case "bf16" -> BF16;
            default -> throw new IllegalArgumentException("precision " + text + " is not one of fp32, bf16.");
        };
    }

    /** Whether this is bf16 on a device where the model rounds what it multiplies by itself: the CPU. */
    public boolean isModelsOwn(Device device) {
        return this == BF16 && device.is_cpu();
    }

    /** As {@link #open}, where libtorch is to round: nowhere that it {@link #isModelsOwn is the model's own}. */
    public Scope autocast(Device device) {
        return isModelsOwn(device) ? () -> {} : open(device);
    }

    /**
     * Uses this precision for the forward passes of the calling thread, until the result is closed on the same thread.
     * The backward pass must run outside.
     */
    public Scope open(Device device) {
        return this == FP32 ? () -> {} : new Autocast(device.type());
    }

    /** An open precision. */
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /** libtorch's autocast: matrix products and attention in bf16, and each weight is converted once per scope. */
    private static final class Autocast implements Scope {

        private final DeviceType type;

        Autocast(DeviceType type) {
            this.type = type;
            torch.set_autocast_dtype(type, ScalarType.BFloat16);
            torch.set_autocast_enabled(type, true);
            torch.increment_nesting();
        }

        @Override
        public void close() {
            if (torch.decrement_nesting() == 0) {
                torch.clear_cache();
            }
            torch.set_autocast_enabled(type, false);
        }
    }
}
