package perdure.cli;

import java.nio.file.Path;
import perdure.device.NativeConfig;
import perdure.device.Precision;
import picocli.CommandLine.Option;

/** The flags that say on what the arithmetic is done. */
final class NativeFlags {
    @Option(
            names = "--device",
            paramLabel = "auto|cpu|cuda[:i]",
            defaultValue = "auto",
            description = "Where to compute (default: ${DEFAULT-VALUE}).")
    String device;

    @Option(
            names = "--precision",
            paramLabel = "fp32|bf16",
            defaultValue = "fp32",
            description = "Arithmetic of the forward pass (default: ${DEFAULT-VALUE}).")
    String precision;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of one tensor operation (default: one a core).")
    Integer threads;

    @Option(
            names = "--native-config",
            paramLabel = "FILE",
            description = "Native settings (default: native-config/cpu.properties or cuda.properties).")
    Path nativeConfig;

    Precision precision() {
        return Flags.set("--precision", precision, Precision::parse);
    }

    /** What {@link perdure.device.NativeRuntime} is loaded with. */
    NativeConfig config() {
        NativeConfig config = nativeConfig == null
                ? NativeConfig.standard()
                : Flags.set("--native-config", nativeConfig, NativeConfig::read);
        return Flags.set("--threads", threads, config, config::withThreads);
    }
}
