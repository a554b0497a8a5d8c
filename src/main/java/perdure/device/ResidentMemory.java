package perdure.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The memory that this process occupies. */
public final class ResidentMemory {

    private ResidentMemory() {}

    /** Resident memory of this process in bytes, including the Java heap; -1 if this is not Linux. */
    public static long bytes() {
        return read("VmRSS:");
    }

    /** The most that {@link #bytes} has been since this process began. */
    public static long peakBytes() {
        return read("VmHWM:");
    }

    private static long read(String key) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith(key))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(-1);
        } catch (IOException otherSystem) {
            return -1;
        }
    }
}
