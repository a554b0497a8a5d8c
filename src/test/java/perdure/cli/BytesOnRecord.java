package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import perdure.checkpoint.MetaStore;

/**
 * SHA-256 sums of what fixed runs come to, on record in the test resources. Processors round differently, so each kind
 * has a record of its own; where there is none, a comparison is skipped. {@code -Dperdure.record=true} writes the record
 * of the machine at hand.
 */
final class BytesOnRecord {
    private static final Path RECORDS = Path.of("src", "test", "resources", "golden", "run");

    private BytesOnRecord() {}

    /** Compares weights, moments and history of a run with its record. */
    static void verify(String name, Path runFolder) {
        Path record = RECORDS.resolve(name + "." + processor() + ".sha256");
        boolean writes = Boolean.getBoolean("perdure.record");
        assumeTrue(writes || Files.exists(record), () -> "no record: " + record);
        try {
            String sums = sums(runFolder);
            if (writes) {
                Files.createDirectories(RECORDS);
                Files.writeString(record, sums);
            }
            assertEquals(Files.readString(record), sums);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private static String sums(Path runFolder) throws IOException {
        Path checkpoint = runFolder.resolve(new MetaStore(runFolder).read().checkpoint());
        StringBuilder sums = new StringBuilder();
        for (Path file : List.of(
                checkpoint.resolve("model.safetensors"),
                checkpoint.resolve("optimizer.safetensors"),
                runFolder.resolve("loss_history.jsonl"))) {
            sums.append(sha256(Files.readAllBytes(file)))
                    .append("  ")
                    .append(file.getFileName())
                    .append('\n');
        }
        return sums.toString();
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Vendor, family, model and vector width: what decides which kernels run and how they round. */
    private static String processor() {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(info)) {
            return System.getProperty("os.name") + "-" + System.getProperty("os.arch");
        }
        try (Stream<String> lines = Files.lines(info)) {
            Map<String, String> first = lines.takeWhile(line -> !line.isBlank())
                    .map(line -> line.split("\\s*:\\s*", 2))
                    .filter(parts -> parts.length == 2)
                    .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1], (a, b) -> a, TreeMap::new));
            boolean wide = List.of(first.getOrDefault("flags", "").split(" ")).contains("avx512f");
            return String.join(
                    "-",
                    first.getOrDefault("vendor_id", "unknown"),
                    first.getOrDefault("cpu family", "0"),
                    first.getOrDefault("model", "0"),
                    wide ? "avx512" : "avx2");
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
