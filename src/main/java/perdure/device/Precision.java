package perdure.device;

import java.util.Locale;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;

/** The arithmetic of the matrix products. Weights, moments and losses are float32 in all. */
public enum Precision {
    FP32,
    /** Float32 with a mantissa of 10 bits in products, on the tensor cores of a GPU alone. */
    TF32,
    BF16;

    /** Parses {@code fp32}, {@code tf32} or {@code bf16}. */
    public static Precision parse(String text) {
        return switch (text) {
            case "fp32" -> FP32;
            case "tf32" -> TF32;
            case "bf16" -> BF16;
            default -> throw new IllegalArgumentException("precision " + text + " is not one of fp32, tf32, bf16.");
        };
    }

    /**
     * In which a model answers: bf16 if it was trained in it and the processor multiplies in it, else float32.
     *
     * @param asked by the user, which comes first; null: none
     */
    public static Precision ofAnswers(Precision asked, boolean trainedInBf16, Device device) {
        if (asked != null) {
            return asked;
        }
        return trainedInBf16 && (device.is_cuda() || Processor.current().multipliesBf16()) ? BF16 : FP32;
    }

    /**
     * Lets libtorch use it on a device, for this process. Returns the device.
     *
     * @throws IllegalArgumentException if the device has no such products
     */
    public Device require(Device device) {
        if (this == TF32) {
            if (!device.is_cuda()) {
                throw new IllegalArgumentException(
                        "precision " + name().toLowerCase(Locale.ROOT) + ": only a GPU has it, and the device is "
                                + device.str().getString() + ".");
            }
            torch.globalContext().setAllowTF32CuBLAS(true);
        }
        return device;
    }
}
