package perdure.cli;

import java.nio.file.Path;
import org.bytedeco.pytorch.Device;
import perdure.cli.HelpSections.Heading;
import perdure.device.Devices;
import perdure.device.NativeConfig;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.run.RunConfig;
import picocli.CommandLine.Option;

/** The flags that say on which device and in which precision to compute. */
@Heading("Device")
final class NativeFlags {
    @Option(
            names = "--device",
            paramLabel = "auto|cpu|cuda[:i]",
            description = {
                "Where to compute (default: auto).",
                "auto: the first NVIDIA GPU if this build and this machine have one, else the CPU.",
                "cpu: the CPU.",
                "cuda, cuda:0, cuda:1, …: that GPU; it is an error if it cannot be used."
            })
    String device;

    @Option(
            names = "--precision",
            paramLabel = "fp32|tf32|bf16",
            description = {
                "Arithmetic of matrix products (default: fp32; of answers that of the training, if the processor has it).",
                "fp32: 32-bit floating point.",
                "tf32: the same with a mantissa of 10 bits, on a GPU alone.",
                "bf16: bfloat16, where a product is large enough to gain by it; weights, gradients, norms and the loss stay"
                        + " float32. Faster on GPUs and on processors with AVX-512 bf16 or AMX."
            })
    String precision;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "CPU threads per operation (default: one per physical core). More than 128 are not used.")
    Integer threads;

    @Option(
            names = "--native-config",
            paramLabel = "FILE",
            description = "File with the settings of the native libraries (default: cpu.properties in the"
                    + " folder native-config, or cuda.properties in the CUDA build).")
    Path nativeConfig;

    /** The configuration with the values of the flags that were given. */
    RunConfig apply(RunConfig config) {
        RunConfig changed = Flags.set("--device", device, config, config::device);
        RunConfig before = changed;
        changed = Flags.set("--precision", precision, before, text -> before.precision(Precision.parse(text)));
        if (nativeConfig != null) {
            changed = changed.natives(config());
        }
        return Flags.set("--threads", threads, changed, changed::threads);
    }

    Precision precision() {
        Precision asked = askedPrecision();
        return asked == null ? Precision.FP32 : asked;
    }

    /** Null if the flag is not given. */
    Precision askedPrecision() {
        return Flags.set("--precision", precision, null, Precision::parse);
    }

    /** Loads libtorch with these settings. */
    void load() {
        NativeConfig config = config();
        Flags.naming(() -> {
            NativeRuntime.load(config);
            return config;
        });
    }

    /** The device to compute on; the caller closes it. */
    Device device() {
        return Flags.set("--device", device == null ? "auto" : device, Devices::resolve);
    }

    /** The settings to load {@link perdure.device.NativeRuntime} with. */
    NativeConfig config() {
        NativeConfig config = nativeConfig == null
                ? Flags.naming(NativeConfig::standard)
                : Flags.set("--native-config", nativeConfig, NativeConfig::read);
        return Flags.set("--threads", threads, config, config::withThreads);
    }
}
