package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import perdure.data.Fingerprint;

/**
 * The file operations of a commit. Each operation named force or create is durable when it returns: its result survives
 * a power cut. A move or a deletion is durable after the next {@link #forceFolder} of its folder. This class does not
 * know what is saved, or in which order.
 *
 * <p>After a failed force, the system may have dropped the unwritten pages and marked them clean. So no force is ever
 * tried again on the same file: callers write it again under another name.
 */
public final class DurableFiles {

    /**
     * System property for tests only. With {@code off} nothing is forced, with {@code files} no folder is. Tests use it
     * to show that a simulated power cut finds a missing force.
     */
    static final String FORCE_PROPERTY = "perdure.force";

    /** Windows cannot open a folder, and does not need to. */
    private static final boolean FOLDERS_ARE_FORCED =
            !System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows")
                    && !"files".equals(System.getProperty(FORCE_PROPERTY));

    private final FaultPoint.Hook hook;
    private final boolean forces;

    DurableFiles(FaultPoint.Hook hook) {
        this(hook, !"off".equals(System.getProperty(FORCE_PROPERTY)));
    }

    DurableFiles(FaultPoint.Hook hook, boolean forces) {
        this.hook = hook;
        this.forces = forces;
    }

    /** Content that is written to a file from beginning to end. */
    interface Content {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    /**
     * Creates a file, which must not exist, writes it and forces it. The caller forces its folder.
     *
     * @return size and SHA-256 of what was written
     */
    Manifest.Entry create(Path file, Content content) throws IOException {
        hook.reached(FaultPoint.CREATE_FILE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            Counted counted = new Counted(channel);
            content.writeTo(counted);
            force(channel, FaultPoint.FORCE_FILE);
            return new Manifest.Entry(counted.size, counted.fingerprint.hex());
        }
    }

    Manifest.Entry create(Path file, byte[] content) throws IOException {
        return create(file, channel -> channel.write(ByteBuffer.wrap(content)));
    }

    void force(FileChannel channel, FaultPoint point) throws IOException {
        hook.reached(point);
        if (forces) {
            channel.force(true);
        }
    }

    /** Makes creations, moves and deletions in a folder durable. */
    void forceFolder(Path folder, FaultPoint point) throws IOException {
        hook.reached(point);
        if (forces && FOLDERS_ARE_FORCED) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /** Moves a file or folder atomically. A file at the target is replaced, a folder is not. */
    void move(Path from, Path to, FaultPoint point) throws IOException {
        hook.reached(point);
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Deletes a folder. It is renamed first, so that nobody sees it half deleted under its name. */
    void retire(Path folder, Path retired) throws IOException {
        delete(retired);
        move(folder, retired, FaultPoint.DELETE_OLD);
        delete(retired);
    }

    /** The files and folders in a folder, in any order. */
    static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.toList();
        } catch (UncheckedIOException problem) {
            throw problem.getCause();
        }
    }

    /** Deletes a file, or a folder with all its content. Does nothing if the path does not exist. */
    public static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(path)) {
            for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        } catch (UncheckedIOException problem) {
            throw problem.getCause();
        }
    }

    /** Writes all bytes to a file, counting and hashing them, with a fault point before every block. */
    private final class Counted implements WritableByteChannel {

        private final FileChannel channel;
        private final Fingerprint fingerprint = new Fingerprint();
        private long size;

        Counted(FileChannel channel) {
            this.channel = channel;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            int count = bytes.remaining();
            fingerprint.add(bytes);
            while (bytes.hasRemaining()) {
                hook.reached(FaultPoint.WRITE_FILE);
                channel.write(bytes);
            }
            size += count;
            return count;
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
