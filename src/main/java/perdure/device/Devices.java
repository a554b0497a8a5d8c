package perdure.device;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceGuardImplInterface;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns the text of {@code --device} into a device of this machine, or says what is missing for it. */
public final class Devices {

    private static final Logger LOG = LoggerFactory.getLogger(Devices.class);

    private static final Pattern CUDA = Pattern.compile("cuda(?::([0-9]{1,3}))?");

    /** With this libtorch begins the message of a failure because the memory of a GPU does not suffice. */
    public static final String OUT_OF_MEMORY = "CUDA out of memory";

    /** Whether people know why a CUDA build trains on the CPU. */
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    private Devices() {}

    /**
     * The device that {@code text} names: {@code auto} (a GPU if this build and machine have one, else the CPU),
     * {@code cpu}, {@code cuda} (the first GPU) or {@code cuda:1}. The caller owns the result.
     *
     * @throws IllegalArgumentException if the text names no device, or one that is not there
     */
    public static Device resolve(String text) {
        NativeRuntime.load();
        Matcher cuda = CUDA.matcher(text);
        if (text.equals("cpu")) {
            return new Device("cpu");
        } else if (text.equals("auto")) {
            return automatic();
        } else if (!cuda.matches()) {
            throw new IllegalArgumentException("device " + text + " is not one of auto, cpu, cuda, cuda:0, cuda:1, …");
        }
        if (!cudaAvailable()) {
            throw new IllegalArgumentException("device " + text + ": " + obstacle());
        }
        int index = cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1));
        int count = torch.cuda_device_count();
        if (index >= count) {
            throw new IllegalArgumentException("device " + text + ": this machine has " + count
                    + " CUDA device(s), the last is cuda:" + (count - 1) + ".");
        }
        return new Device("cuda:" + index);
    }

    /**
     * The GPU that {@code text} leaves open, {@code auto} or {@code cuda}, for one of several processes on this machine:
     * each has its own, if there are as many. All other names stay as they are.
     *
     * @param process of those on this machine, from 0
     */
    public static String ofProcess(String text, int process) {
        boolean open = text.equals("auto") || text.equals("cuda");
        return open && cudaAvailable() ? "cuda:" + process % torch.cuda_device_count() : text;
    }

    /** Whether something failed because the memory of a GPU does not suffice. */
    public static boolean ranOutOfMemory(Throwable failure) {
        return failure.getMessage() != null && failure.getMessage().startsWith(OUT_OF_MEMORY);
    }

    /** Bytes of memory that are free on a GPU and that libtorch has not taken yet; 0 elsewhere. */
    public static long freeMemory(Device device) {
        if (device.is_cpu()) {
            return 0;
        }
        use(device);
        return CudaLibraries.freeMemory();
    }

    /**
     * Where a model answers that takes so many bytes: on that device, but beside other work on a GPU only if it takes at most
     * half of the memory that is free, since a training may come to need more. Else on the CPU.
     */
    public static String forAnswers(String name, long bytes) {
        try (Device device = resolve(name)) {
            return device.is_cuda() && bytes > freeMemory(device) / 2 ? "cpu" : name;
        }
    }

    /**
     * From now on the calling thread asks the CUDA libraries themselves about this GPU, and not about the first one.
     * libtorch's operations do so by themselves.
     */
    static void use(Device gpu) {
        torch.getDeviceGuardImpl(DeviceType.CUDA).setDevice(gpu);
    }

    /** From now on the operations of the calling thread run on a stream of their own. What it has begun is not waited for. */
    public static void useOwnStream(Device gpu) {
        use(gpu);
        DeviceGuardImplInterface streams = torch.getDeviceGuardImpl(DeviceType.CUDA);
        streams.exchangeStream(streams.getStreamFromGlobalPool(gpu));
    }

    /**
     * Values in the memory of the host on a device. A GPU is not waited for: it copies them from pinned memory, which
     * libtorch keeps until that is done.
     */
    public static Tensor copy(Tensor host, Device device) {
        return device.is_cpu()
                ? host
                : host.pin_memory().to(device, host.scalar_type(), true, false, new MemoryFormatOptional());
    }

    /** Waits until the GPU has done what it was given, if it is one. */
    public static void await(Device device) {
        if (device.is_cuda()) {
            torch.cuda_synchronize(device.index());
        }
    }

    private static Device automatic() {
        if (cudaAvailable()) {
            return new Device("cuda:0");
        }
        if (NativeRuntime.cudaBuild() && !TOLD.getAndSet(true)) {
            LOG.warn("Using the CPU: {}", obstacle());
        }
        return new Device("cpu");
    }

    /** Whether this build and this machine can train on a GPU. */
    public static boolean cudaAvailable() {
        NativeRuntime.load();
        return NativeRuntime.cudaBuild() && torch.cuda_is_available();
    }

    private static String obstacle() {
        if (!NativeRuntime.cudaBuild()) {
            return "this build is for the CPU; build with mvn -B package -Pcuda for NVIDIA GPUs.";
        }
        if (NativeRuntime.cudaProblem() != null) {
            return NativeRuntime.cudaProblem();
        }
        if (!Files.exists(Path.of("/proc/driver/nvidia/version"))) {
            return "found no NVIDIA driver; install driver 580 or newer, which CUDA 13 needs.";
        }
        return "CUDA finds no usable GPU; it needs driver 580 or newer and a GPU of compute capability 7.5 or higher.";
    }

    /** The name of the processor that a device is, such as {@code NVIDIA H100 80GB HBM3}. */
    public static String model(Device device) {
        return device.is_cuda()
                ? CudaLibraries.name(device.index())
                : Processor.current().name();
    }

    /** The name of a device for people, such as "cpu (2 threads)" or "cuda:0 (1 of 2 GPUs)". */
    public static String describe(Device device) {
        String name = device.str().getString();
        return device.is_cuda()
                ? name + " (1 of " + count(torch.cuda_device_count(), "GPU") + ")"
                : name + " (" + count(torch.get_num_threads(), "thread") + ")";
    }

    private static String count(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
