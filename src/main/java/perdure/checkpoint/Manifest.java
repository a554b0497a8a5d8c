package perdure.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import perdure.safetensors.DamagedFileException;

/**
 * The size and SHA-256 of every other file of a folder.
 *
 * @param format of this file and of the folder
 * @param files by name
 */
public record Manifest(int format, SortedMap<String, Manifest.Entry> files) {

    static final String FILE = "manifest.json";

    private static final int FORMAT = 1;

    /**
     * @param size in bytes
     * @param sha256 hexadecimal, lower case
     */
    record Entry(long size, String sha256) {}

    static Manifest of(Map<String, Entry> files) {
        return new Manifest(FORMAT, new TreeMap<>(files));
    }

    byte[] toBytes() {
        return Json.pretty(this);
    }

    /**
     * Reads the manifest of a folder and checks every byte of the folder against it, that of the manifest included:
     * it must be in the one form in which it is written.
     *
     * @throws DamagedFileException naming the file and what is wrong with it
     */
    static void verify(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new DamagedFileException(file, "is missing");
        }
        Manifest manifest = Json.read(file, Manifest.class);
        if (manifest.format != FORMAT) {
            throw new DamagedFileException(file, "has format " + manifest.format + ", not " + FORMAT);
        }
        if (manifest.files == null || !Arrays.equals(manifest.toBytes(), Json.bytes(file, Json.MAXIMUM_FILE))) {
            throw new DamagedFileException(file, "is not as it was written");
        }
        SortedSet<String> names = names(folder);
        names.remove(FILE);
        for (String name : names) {
            if (!manifest.files.containsKey(name)) {
                throw new DamagedFileException(folder.resolve(name), "is not in the manifest");
            }
        }
        for (Map.Entry<String, Entry> entry : manifest.files.entrySet()) {
            if (!names.contains(entry.getKey())) {
                throw new DamagedFileException(folder.resolve(entry.getKey()), "is missing");
            }
            verify(folder.resolve(entry.getKey()), entry.getValue());
        }
    }

    private static SortedSet<String> names(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(child -> child.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static void verify(Path file, Entry expected) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new DamagedFileException(file, "is not a file");
        }
        long size = Files.size(file);
        if (size != expected.size) {
            throw new DamagedFileException(file, "has " + size + " bytes, not " + expected.size);
        }
        if (!sha256(file).equals(expected.sha256)) {
            throw new DamagedFileException(file, "does not have the SHA-256 of the manifest");
        }
    }

    public static String sha256(Path file) throws IOException {
        MessageDigest digest = Sha256Channel.sha256();
        byte[] block = new byte[(int) Math.min(1 << 18, Math.max(1, Files.size(file)))];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                digest.update(block, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
