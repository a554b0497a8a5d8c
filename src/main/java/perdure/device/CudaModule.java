package perdure.device;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.DeviceType;

/**
 * Kernels in CUDA C++ that are compiled for a GPU when they are first needed, by NVIDIA's run-time compiler, on which
 * libtorch depends anyway. They run on the stream on which libtorch's own operations of the calling thread run.
 */
public final class CudaModule {

    private static final int COMPUTE_CAPABILITY_MAJOR = 75;
    private static final int COMPUTE_CAPABILITY_MINOR = 76;
    private static final int SHARED_MEMORY_OF_A_BLOCK = 97; // at most, if the kernel asks for it
    private static final int DYNAMIC_SHARED_MEMORY = 8; // attribute of a kernel
    private static final int SHARED_MEMORY_UNASKED = 48 << 10;
    private static final int MOST_ARGUMENTS = 16;

    private final Device device;
    private final Pointer module;
    private final int sharedMemory;
    private final Map<String, Pointer> kernels = new HashMap<>();
    private final Memory values = new Memory(MOST_ARGUMENTS * Long.BYTES);
    private final Memory addresses = new Memory(MOST_ARGUMENTS * (long) Long.BYTES);
    private final Memory stream = new Memory(Long.BYTES);
    private final Function launch = CudaLibraries.driver().getFunction("cuLaunchKernel");
    private final Function currentStream = CudaLibraries.torch().getFunction("aoti_torch_get_current_cuda_stream");

    /**
     * Compiles the source for the GPU with that index.
     *
     * @throws IllegalStateException if that is not possible; the message has the compiler's words
     * @throws LinkageError if NVIDIA's libraries are not there
     */
    public CudaModule(String source, int device) {
        this.device = new Device(DeviceType.CUDA, (byte) device).retainReference();
        Devices.use(this.device);
        byte[] program = compile(
                source,
                "sm_" + attribute(device, COMPUTE_CAPABILITY_MAJOR) + attribute(device, COMPUTE_CAPABILITY_MINOR));
        sharedMemory = attribute(device, SHARED_MEMORY_OF_A_BLOCK);
        try (Memory image = new Memory(program.length)) {
            image.write(0, program, 0, program.length);
            PointerByReference loaded = new PointerByReference();
            require("cuModuleLoadData", CudaLibraries.driver(), loaded, image);
            module = loaded.getValue();
        }
        for (int i = 0; i < MOST_ARGUMENTS; i++) {
            addresses.setPointer(i * (long) Long.BYTES, values.share(i * (long) Long.BYTES));
        }
    }

    private static int attribute(int device, int which) {
        IntByReference handle = new IntByReference();
        IntByReference value = new IntByReference();
        require("cuDeviceGet", CudaLibraries.driver(), handle, device);
        require("cuDeviceGetAttribute", CudaLibraries.driver(), value, which, handle.getValue());
        return value.getValue();
    }

    /** The program for a GPU, such as {@code sm_90}. */
    private static byte[] compile(String source, String architecture) {
        NativeLibrary compiler = CudaLibraries.compiler();
        PointerByReference created = new PointerByReference();
        require("nvrtcCreateProgram", compiler, created, source, "kernels.cu", 0, Pointer.NULL, Pointer.NULL);
        Pointer program = created.getValue();
        try {
            String[] options = {"--gpu-architecture=" + architecture};
            int code = compiler.getFunction("nvrtcCompileProgram")
                    .invokeInt(new Object[] {program, options.length, options});
            if (code != 0) {
                byte[] log = read(compiler, program, "nvrtcGetProgramLog");
                throw new IllegalStateException("The GPU's kernels cannot be compiled for " + architecture + ": error "
                        + code + ". " + new String(log, StandardCharsets.UTF_8).trim());
            }
            return read(compiler, program, "nvrtcGetCUBIN");
        } finally {
            compiler.getFunction("nvrtcDestroyProgram").invokeInt(new Object[] {created});
        }
    }

    private static byte[] read(NativeLibrary compiler, Pointer program, String function) {
        LongByReference size = new LongByReference();
        require(function + "Size", compiler, program, size);
        try (Memory bytes = new Memory(Math.max(1, size.getValue()))) {
            require(function, compiler, program, bytes);
            return bytes.getByteArray(0, Math.toIntExact(size.getValue()));
        }
    }

    private static void require(String function, NativeLibrary library, Object... arguments) {
        int code = library.getFunction(function).invokeInt(arguments);
        if (code != 0) {
            throw new IllegalStateException(function + " of the GPU's libraries fails with error " + code + ".");
        }
    }

    /** Bytes of shared memory that a block may have. */
    public int sharedMemory() {
        return sharedMemory;
    }

    /**
     * Starts a kernel and does not wait for it.
     *
     * @param blocks in one dimension
     * @param shared bytes of shared memory for each block, besides what the kernel declares
     * @param arguments {@link Integer}, {@link Float} or, as the address of memory on the GPU, {@link Long}
     */
    public synchronized void launch(String kernel, long blocks, int threads, int shared, Object... arguments) {
        for (int i = 0; i < arguments.length; i++) {
            long at = i * (long) Long.BYTES;
            if (arguments[i] instanceof Long address) {
                values.setLong(at, address);
            } else if (arguments[i] instanceof Float number) {
                values.setFloat(at, number);
            } else {
                values.setInt(at, (Integer) arguments[i]);
            }
        }
        Pointer function = kernels.computeIfAbsent(kernel, this::find);
        if (shared > SHARED_MEMORY_UNASKED) {
            require("cuFuncSetAttribute", CudaLibraries.driver(), function, DYNAMIC_SHARED_MEMORY, shared);
        }
        Devices.use(device);
        currentStream.invokeInt(new Object[] {(int) device.index(), stream});
        int code = launch.invokeInt(new Object[] {
            function,
            Math.toIntExact(blocks),
            1,
            1,
            threads,
            1,
            1,
            shared,
            stream.getPointer(0),
            addresses,
            Pointer.NULL
        });
        if (code != 0) {
            throw new IllegalStateException("The kernel " + kernel + " cannot be started: error " + code + ".");
        }
    }

    private Pointer find(String kernel) {
        PointerByReference found = new PointerByReference();
        require("cuModuleGetFunction", CudaLibraries.driver(), found, module, kernel);
        return found.getValue();
    }
}
