package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Follows a file of lines that another thread or process appends to, and notices when it was cut back or replaced. Used
 * by one thread at a time.
 */
final class FollowedLines {

    /** Lines before the end that are read again, to see whether the file is still the one that was read. */
    private static final int OVERLAP = 32;

    private final Path file;
    private final Consumer<String> take;
    private final Runnable forget;
    private final Deque<Seen> seen = new ArrayDeque<>();
    private Stamp stamp;

    /**
     * @param take receives each line once, in order
     * @param forget called when lines that were taken are no longer in the file; all that are there follow
     */
    FollowedLines(Path file, Consumer<String> take, Runnable forget) {
        this.file = file;
        this.take = take;
        this.forget = forget;
    }

    /** A line that was read. */
    private record Seen(long start, long end, String line) {}

    /** What changes when a file changes. */
    record Stamp(long size, FileTime modified, Object key) {

        /** Returns null if there is no such file. */
        static Stamp of(Path file) throws IOException {
            try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                return new Stamp(now.size(), now.lastModifiedTime(), now.fileKey());
            } catch (NoSuchFileException absent) {
                return null;
            }
        }
    }

    /**
     * Reads what is new. Costs next to nothing if nothing is. A file that is not there has no lines.
     *
     * @throws NewerFormatException if only a newer version can read the file
     */
    void refresh() throws IOException {
        Stamp now = Stamp.of(file);
        if (!Objects.equals(now, stamp)) {
            stamp = null; // also if reading fails
            if (!readNewLines(now != null)) {
                seen.clear();
                forget.run();
                readNewLines(now != null);
            }
            stamp = now;
        }
    }

    /** Returns false, and reads nothing new, if the lines that were read last are no longer in the file. */
    private boolean readNewLines(boolean exists) throws IOException {
        if (!exists) {
            return seen.isEmpty();
        }
        Iterator<Seen> expected = List.copyOf(seen).iterator();
        long[] start = {seen.isEmpty() ? 0 : seen.getFirst().start()};
        boolean[] same = {true};
        LossHistory.forEachLine(file, start[0], (line, end) -> {
            Seen read = new Seen(start[0], end, line);
            start[0] = end;
            if (expected.hasNext()) {
                same[0] &= read.equals(expected.next());
            } else if (same[0]) {
                seen.addLast(read);
                if (seen.size() > OVERLAP) {
                    seen.removeFirst();
                }
                take.accept(line);
            }
        });
        return same[0] && !expected.hasNext();
    }
}
