package perdure.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The processor of this machine, as Linux describes it. Elsewhere no more is known than its architecture.
 *
 * @param features what it has beyond its architecture, such as {@code avx512_bf16}
 */
public record Processor(String name, Set<String> features) {

    /** Those that multiply bfloat16 faster than float32: AVX-512's and AMX's. */
    private static final List<String> BF16 = List.of("avx512_bf16", "amx_bf16");

    /** That of this machine. */
    public static Processor current() {
        Path description = Path.of("/proc/cpuinfo");
        try (Stream<String> lines = Files.isReadable(description) ? Files.lines(description) : Stream.empty()) {
            return of(lines.toList());
        } catch (IOException | UncheckedIOException unknown) {
            return of(List.of());
        }
    }

    /** @param lines of {@code /proc/cpuinfo}; the first processor counts */
    static Processor of(List<String> lines) {
        String name = value(lines, "model name");
        String family = value(lines, "cpu family");
        String model = value(lines, "model\t");
        return new Processor(
                name.isEmpty() ? System.getProperty("os.arch") : name + ", family " + family + ", model " + model,
                Arrays.stream(value(lines, "flags").split(" ")).collect(Collectors.toUnmodifiableSet()));
    }

    private static String value(List<String> lines, String key) {
        return lines.stream()
                .filter(line -> line.startsWith(key))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse("");
    }

    /** Whether it multiplies bfloat16 faster than float32. */
    public boolean multipliesBf16() {
        return BF16.stream().anyMatch(features::contains);
    }
}
