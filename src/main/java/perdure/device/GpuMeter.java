package perdure.device;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import org.bytedeco.pytorch.Device;

/**
 * The memory and the load of a GPU, as NVIDIA's management library (NVML), which comes with the driver, reports them for all
 * processes together.
 */
public final class GpuMeter {

    private static final String LIBRARY = "libnvidia-ml.so.1";

    /** nvmlMemory_t: total, free and used bytes, 8 bytes each. */
    private static final int MEMORY = 24;

    private static final int USED = 16;

    /** nvmlUtilization_t: percent of the last moment in which a kernel ran, and in which memory was read or written. */
    private static final int UTILIZATION = 8;

    private final NativeLibrary library;
    private final Pointer gpu;

    /**
     * A reading.
     *
     * @param utilization percent of the last moment, at most a second, in which the GPU computed; null if it does not tell
     */
    public record Reading(long usedBytes, long totalBytes, Integer utilization) {}

    /**
     * @param busId where the GPU is, such as {@code 0000:65:00.0}: NVML counts GPUs in another order than CUDA
     * @throws IllegalStateException if the library does not know it
     * @throws UnsatisfiedLinkError if it is not NVML
     */
    GpuMeter(NativeLibrary library, String busId) {
        this.library = library;
        PointerByReference found = new PointerByReference();
        if (call("nvmlInit_v2") != 0 || call("nvmlDeviceGetHandleByPciBusId_v2", busId, found) != 0) {
            throw new IllegalStateException("NVML does not know the GPU " + busId + ".");
        }
        gpu = found.getValue();
    }

    /** The meter of a device on which this process has computed; null if it is no GPU, or if it cannot be read. */
    public static GpuMeter of(Device device) {
        if (!device.is_cuda()) {
            return null;
        }
        try {
            return new GpuMeter(CLibrary.library(LIBRARY), CudaLibraries.busId(device.index()));
        } catch (IllegalStateException | LinkageError absent) {
            return null;
        }
    }

    /** What it shows now; null if it cannot be read. */
    public Reading read() {
        try (Memory memory = new Memory(MEMORY);
                Memory utilization = new Memory(UTILIZATION)) {
            if (call("nvmlDeviceGetMemoryInfo", gpu, memory) != 0) {
                return null;
            }
            boolean tells = call("nvmlDeviceGetUtilizationRates", gpu, utilization) == 0;
            return new Reading(memory.getLong(USED), memory.getLong(0), tells ? utilization.getInt(0) : null);
        }
    }

    private int call(String function, Object... arguments) {
        return library.getFunction(function).invokeInt(arguments);
    }
}
