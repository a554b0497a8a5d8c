package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * Writes a file or folder that is there whole or not at all, outside run folders: under another name beside it, forced,
 * and moved. It is durable when a method returns. If it fails, what was at its place is still there.
 */
public final class AtomicFiles {

    private static final String TEMPORARY = ".tmp";
    private static final String REPLACED = ".old" + TEMPORARY;

    private interface Writing {
        void writeTo(DurableFiles files, Path temporary) throws IOException;
    }

    private AtomicFiles() {}

    /**
     * Writes a file. One at its place is replaced. Missing folders above it are made.
     *
     * @throws UncheckedIOException with one line that names the file and the cause
     */
    public static void write(Path file, DurableFiles.Content content) {
        place(file, (files, temporary) -> files.createUnsigned(temporary, content));
    }

    /**
     * Writes a folder with files of these names. One at its place is replaced, with all that it holds.
     *
     * @throws UncheckedIOException with one line that names the folder and the cause
     */
    public static void writeFolder(Path folder, Map<String, DurableFiles.Content> contents) {
        place(folder, (files, temporary) -> {
            Files.createDirectory(temporary);
            for (Map.Entry<String, DurableFiles.Content> content : contents.entrySet()) {
                files.create(temporary.resolve(content.getKey()), content.getValue());
            }
            files.forceFolder(temporary, FaultPoint.FORCE_CHECKPOINT);
        });
    }

    private static void place(Path target, Writing writing) {
        DurableFiles files = new DurableFiles(FaultPoint.fromSystemProperty());
        Path temporary = beside(target, TEMPORARY);
        try {
            Files.createDirectories(temporary.getParent());
            DurableFiles.delete(temporary);
            try {
                writing.writeTo(files, temporary);
                move(files, temporary, target);
            } catch (IOException | RuntimeException problem) {
                DurableFiles.delete(temporary);
                throw problem;
            }
            files.forceFolder(temporary.getParent(), FaultPoint.FORCE_RUN_FOLDER);
        } catch (IOException problem) {
            throw DurableFiles.failed(target, problem);
        }
    }

    /** A move replaces a file, but no folder, which stands aside and comes back if the move fails. */
    private static void move(DurableFiles files, Path temporary, Path target) throws IOException {
        if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            files.move(temporary, target, FaultPoint.MOVE_CHECKPOINT);
            return;
        }
        Path replaced = beside(target, REPLACED);
        DurableFiles.delete(replaced);
        Files.move(target, replaced);
        try {
            files.move(temporary, target, FaultPoint.MOVE_CHECKPOINT);
        } catch (IOException problem) {
            Files.move(replaced, target);
            throw problem;
        }
        DurableFiles.delete(replaced);
    }

    private static Path beside(Path path, String ending) {
        return path.toAbsolutePath().resolveSibling(path.getFileName() + ending);
    }

    /**
     * Checks that there is room for so many bytes where a path is to be.
     *
     * @throws IllegalArgumentException with one line that has the figures, if there is not
     */
    public static void requireRoom(Path path, long bytes) {
        Path folder = path.toAbsolutePath().getParent();
        try {
            long free = DurableFiles.room(folder == null ? path : folder);
            if (free < bytes) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "%s needs %,.1f MB, but its disk has room for %,.1f MB.",
                        path,
                        bytes / 1e6,
                        free / 1e6));
            }
        } catch (IOException problem) {
            throw DurableFiles.failed(path, problem);
        }
    }
}
