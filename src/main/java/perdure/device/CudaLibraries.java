package perdure.device;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Those libraries of a CUDA build whose functions have no Java method. */
final class CudaLibraries {

    /** Newest first. libtorch was linked to the first. */
    private static final List<String> COMPILERS = List.of("libnvrtc.so.13", "libnvrtc.so");

    private CudaLibraries() {}

    /** The CUDA part of libtorch, which is loaded already. */
    static NativeLibrary torch() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return CLibrary.library(maps.filter(line -> line.endsWith("/libtorch_cuda.so"))
                    .findFirst()
                    .orElseThrow(() -> new UnsatisfiedLinkError("libtorch_cuda.so is not loaded."))
                    .replaceFirst("^[^/]*", ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The driver. */
    static NativeLibrary driver() {
        return CLibrary.library("libcuda.so.1");
    }

    /** Free bytes of the memory of the GPU that the calling thread {@linkplain Devices#use uses}. */
    static long freeMemory() {
        LongByReference free = new LongByReference();
        driver().getFunction("cuMemGetInfo_v2").invokeInt(new Object[] {free, new LongByReference()});
        return free.getValue();
    }

    /**
     * Where a GPU is in the machine, such as {@code 0000:65:00.0}.
     *
     * @throws IllegalStateException if the driver does not tell
     */
    static String busId(int device) {
        return text("cuDeviceGetPCIBusId", device);
    }

    /**
     * The name of a GPU, such as {@code NVIDIA H100 80GB HBM3}.
     *
     * @throws IllegalStateException if the driver does not tell
     */
    static String name(int device) {
        return text("cuDeviceGetName", device);
    }

    private static String text(String function, int device) {
        IntByReference handle = new IntByReference();
        byte[] text = new byte[256];
        if (driver().getFunction("cuDeviceGet").invokeInt(new Object[] {handle, device}) != 0
                || driver().getFunction(function).invokeInt(new Object[] {text, text.length, handle.getValue()}) != 0) {
            throw new IllegalStateException(function + " fails for GPU " + device + ".");
        }
        return Native.toString(text);
    }

    /** The stream on which libtorch's operations of the calling thread run. */
    static Pointer currentStream(int device) {
        PointerByReference stream = new PointerByReference();
        torch().getFunction("aoti_torch_get_current_cuda_stream").invokeInt(new Object[] {device, stream});
        return stream.getValue();
    }

    /**
     * Drops what is being recorded on that stream. libtorch's own method would throw if the recording is no longer valid,
     * which ends the process.
     */
    static void endCapture(int device) {
        CLibrary.library("libcudart.so.13")
                .getFunction("cudaStreamEndCapture")
                .invokeInt(new Object[] {currentStream(device), new PointerByReference()});
    }

    /** The run-time compiler. */
    static NativeLibrary compiler() {
        UnsatisfiedLinkError first = null;
        for (String name : COMPILERS) {
            try {
                return CLibrary.library(name);
            } catch (UnsatisfiedLinkError missing) {
                first = first == null ? missing : first;
            }
        }
        throw first;
    }
}
