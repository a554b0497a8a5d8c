package perdure.device;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.Device;

/**
 * Operations of libtorch on a GPU that are recorded once and then started together, with the same tensors: at::cuda::
 * CUDAGraph, which the bindings lack. Starting many small operations one by one takes longer than they run.
 *
 * <p>While it records, nothing may wait for the GPU, and what the operations allocate stays theirs. A C++ exception that
 * one of these calls throws ends the process.
 */
public final class CudaGraph implements AutoCloseable {

    /** More than the object needs, whatever the version of libtorch. */
    private static final long SIZE = 4096;

    /** cudaStreamCaptureModeThreadLocal: other threads may use the GPU meanwhile. */
    private static final int THREAD_LOCAL = 1;

    private static final Map<String, Function> FUNCTIONS = new ConcurrentHashMap<>();

    private final Memory graph = new Memory(SIZE);

    /**
     * Records what {@code operations} starts on the stream of the calling thread, which must be {@linkplain
     * Devices#useOwnStream its own}. If they fail, nothing is recorded, and later operations run as before.
     */
    public CudaGraph(Device device, Runnable operations) {
        graph.clear();
        call("C1Eb", graph, 0);
        call("13capture_beginESt4pairIyyE21cudaStreamCaptureMode", graph, 0L, 0L, THREAD_LOCAL);
        try {
            operations.run();
        } catch (RuntimeException | Error failure) {
            CudaLibraries.endCapture(device.index());
            throw failure;
        }
        call("11capture_endEv", graph);
    }

    /** Starts what is recorded, on the stream of the calling thread. */
    public void replay() {
        call("6replayEv", graph);
    }

    private static void call(String method, Object... arguments) {
        FUNCTIONS
                .computeIfAbsent(method, name -> {
                    NativeLibrary library = CudaLibraries.torch();
                    return library.getFunction("_ZN2at4cuda9CUDAGraph" + name);
                })
                .invokeVoid(arguments);
    }

    @Override
    public void close() {
        call("D1Ev", graph);
        graph.close();
    }
}
