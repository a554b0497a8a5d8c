package perdure.checkpoint;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import perdure.data.Fingerprint;
import perdure.safetensors.DamagedFileException;
import tools.jackson.databind.JsonNode;

/**
 * The manifest of a checkpoint: size and SHA-256 of every other file.
 *
 * <p>The manifest also protects itself. Its key {@code self} is the SHA-256 of its own bytes with the digits of {@code
 * self} set to zero. So every changed bit is noticed, and a later version may add keys. A manifest without {@code self}
 * is from version 0.1.0, which had no other keys and wrote them in one way. Its bytes must be exactly those.
 *
 * @param files size and SHA-256 by file name
 */
record Manifest(SortedMap<String, Manifest.Entry> files) {

    static final String FILE = "manifest.json";

    private static final String SELF = "self";
    private static final String ZEROS = "0".repeat(64);

    /**
     * @param size in bytes
     * @param sha256 hexadecimal, lower case
     */
    record Entry(long size, String sha256) {}

    static Manifest of(Map<String, Entry> files) {
        return new Manifest(new TreeMap<>(files));
    }

    byte[] toBytes() {
        byte[] unsealed = bytes(Map.of(SELF, ZEROS));
        String sum = new Fingerprint().add(unsealed).hex();
        return new String(unsealed, ISO_8859_1).replaceFirst(ZEROS, sum).getBytes(ISO_8859_1);
    }

    private byte[] bytes(Map<String, String> self) {
        Map<String, Object> manifest = new LinkedHashMap<>();
        manifest.put(Json.FORMAT_KEY, Json.FORMAT);
        manifest.putAll(self);
        manifest.put("files", files);
        return Json.pretty(manifest);
    }

    /**
     * Reads the manifest of a folder.
     *
     * @throws DamagedFileException if it is missing, or a bit of it has changed
     * @throws NewerFormatException if its format is higher than this version's
     */
    static Manifest read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        BasicFileAttributes attributes = DurableFiles.attributes(file);
        if (attributes == null || !attributes.isRegularFile()) {
            throw new DamagedFileException(file, "is missing");
        }
        byte[] bytes = Json.bytes(file, Json.MAXIMUM_FILE);
        JsonNode tree = Json.parse(file, bytes);
        if (tree.has(SELF)) {
            // The bytes are checked before the format is believed.
            requireAsWritten(file, isSealed(bytes, tree.path(SELF)));
            Json.requireKnownFormat(file, tree);
        }
        Manifest manifest = Json.convert(file, tree, Manifest.class);
        requireAsWritten(
                file,
                manifest.files != null
                        && !manifest.files.containsValue(null)
                        && (tree.has(SELF) || Arrays.equals(manifest.bytes(Map.of()), bytes)));
        return manifest;
    }

    private static boolean isSealed(byte[] bytes, JsonNode self) {
        String sum = self.asString("");
        if (!sum.matches("[0-9a-f]{64}")) {
            return false;
        }
        byte[] unsealed = new String(bytes, ISO_8859_1).replace(sum, ZEROS).getBytes(ISO_8859_1);
        return new Fingerprint().add(unsealed).hex().equals(sum);
    }

    private static void requireAsWritten(Path file, boolean isAsWritten) {
        if (!isAsWritten) {
            throw new DamagedFileException(file, "is not as it was written");
        }
    }

    /**
     * Checks every byte of the listed files, several at once. Other files in the folder are ignored.
     *
     * @throws DamagedFileException that names the first file that is missing or different
     */
    void verify(Path folder) throws IOException {
        ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors(), task -> {
                    Thread thread = new Thread(task, "checkpoint-reader");
                    thread.setDaemon(true);
                    return thread;
                });
        try {
            List<Future<Void>> checks = new ArrayList<>();
            files.forEach((name, entry) -> checks.add(threads.submit(() -> {
                verify(folder.resolve(name), entry);
                return null;
            })));
            for (Future<Void> check : checks) {
                check.get();
            }
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException unreadable) {
                throw unreadable;
            }
            throw failed.getCause() instanceof RuntimeException problem ? problem : new IllegalStateException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while checking " + folder + ".");
        } finally {
            threads.shutdownNow();
        }
    }

    private static void verify(Path file, Entry expected) throws IOException {
        BasicFileAttributes attributes = DurableFiles.attributes(file);
        if (attributes == null) {
            throw new DamagedFileException(file, "is missing");
        }
        if (!attributes.isRegularFile()) {
            throw new DamagedFileException(file, "is not a file");
        }
        long size = attributes.size();
        if (size != expected.size) {
            throw new DamagedFileException(file, "has " + size + " bytes, not " + expected.size);
        }
        if (!Fingerprint.of(file).equals(expected.sha256)) {
            throw new DamagedFileException(file, "does not have the SHA-256 of the manifest");
        }
    }
}
