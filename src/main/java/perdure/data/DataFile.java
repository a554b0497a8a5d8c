package perdure.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;

/**
 * A file of a corpus.
 *
 * @param name relative to the folder that was given, for messages
 * @param size in bytes
 * @param modified when it was last written to, before it was found
 * @param key SHA-256 of its size and its first {@value #HEAD} bytes
 */
record DataFile(Path path, String name, FileFormat format, long size, FileTime modified, String key) {

    /** The order of a corpus. It depends on contents alone: on no name, no folder and no locale. */
    static final Comparator<DataFile> BY_CONTENT =
            Comparator.comparing(DataFile::key).thenComparing(DataFile::compareRest);

    private static final int HEAD = 1 << 16;

    /**
     * A file that is to be read.
     *
     * @param folder in which it was found; null if the file itself was given
     * @throws IllegalArgumentException that names the path, if it is no file that can be read
     */
    static DataFile of(Path path, Path folder, FileFormat format) {
        if (!Files.isRegularFile(path)) {
            throw new IllegalArgumentException(path + " is not a regular file, which can be read more than once.");
        }
        if (!Files.isReadable(path)) {
            throw new IllegalArgumentException(path + " cannot be read.");
        }
        try (InputStream input = Files.newInputStream(path)) {
            FileTime modified = Files.getLastModifiedTime(path);
            long size = Files.size(path);
            String key = new Fingerprint().add(size).add(input.readNBytes(HEAD)).hex();
            String name = folder == null
                    ? path.getFileName().toString()
                    : folder.relativize(path).toString();
            return new DataFile(path, name.replace('\\', '/'), format, size, modified, key);
        } catch (IOException exception) {
            throw cannotRead(path, exception);
        }
    }

    /** @throws UncheckedIOException if it was written to since it was found */
    void requireUnchanged() {
        try {
            if (Files.size(path) != size || !Files.getLastModifiedTime(path).equals(modified)) {
                throw new IOException("it changed while it was read. Start again when nothing writes to it.");
            }
        } catch (IOException exception) {
            throw cannotRead(path, exception);
        }
    }

    static UncheckedIOException cannotRead(Path path, IOException problem) {
        return new UncheckedIOException("Cannot read " + path + ": " + problem, problem);
    }

    boolean hasContentOf(DataFile other) {
        return BY_CONTENT.compare(this, other) == 0;
    }

    /** Compares two files that begin alike. Both are read only if there is more than the beginning. */
    private int compareRest(DataFile other) {
        if (size <= HEAD || path.equals(other.path)) {
            return 0;
        }
        try {
            return Fingerprint.of(path).compareTo(Fingerprint.of(other.path));
        } catch (IOException exception) {
            throw cannotRead(path, exception);
        }
    }
}
