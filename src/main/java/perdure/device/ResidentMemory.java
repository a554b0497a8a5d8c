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
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(-1);
        } catch (IOException otherSystem) {
            return -1;
        }
    }
}
