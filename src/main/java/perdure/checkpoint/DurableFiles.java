package perdure.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The file operations of a commit: what each of them has done when it returns outlives a power cut, as far as its name
 * says so. It does not know what is being saved, nor in which order.
 *
 * <p>After a failed force the system may have dropped the unwritten pages and call them clean, so no force is ever
 * tried again on the same file: callers write anew under another name.
 */
final class DurableFiles {

    /**
     * Test-only system property, to show that the power cuts of the tests find a missing force: {@code off} forces
     * nothing, {@code files} no folder.
     */
    static final String FORCE_PROPERTY = "perdure.force";

    /** Windows can neither open a folder nor needs to. */
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

    /** Something that is written to a file from its beginning to its end. */
    interface Content {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    /** Creates a file, which must not exist, writes it and forces it; its folder is the caller's to force. */
    Manifest.Entry create(Path file, Content content) throws IOException {
        hook.reached(FaultPoint.CREATE_FILE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            Sha256Channel hashed = new Sha256Channel(new Faulty(channel));
            content.writeTo(hashed);
            force(channel, FaultPoint.FORCE_FILE);
            return new Manifest.Entry(hashed.size(), hashed.sha256Hex());
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

    /** Makes the names in a folder last: creations, moves and deletions. */
    void forceFolder(Path folder, FaultPoint point) throws IOException {
        hook.reached(point);
        if (forces && FOLDERS_ARE_FORCED) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /** Atomic; a file that is at the target is replaced, a folder is not. */
    void move(Path from, Path to, FaultPoint point) throws IOException {
        hook.reached(point);
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Takes a folder out of sight under another name first, so that none is ever seen half deleted. */
    void retire(Path folder, Path retired) throws IOException {
        delete(retired);
        move(folder, retired, FaultPoint.DELETE_OLD);
        delete(retired);
    }

    /** A file, or a folder with all that is in it; nothing if there is neither. */
    static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(path)) {
            for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    /** A file's channel with a fault point before every block. */
    private final class Faulty implements WritableByteChannel {

        private final FileChannel channel;

        Faulty(FileChannel channel) {
            this.channel = channel;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            hook.reached(FaultPoint.WRITE_FILE);
            return channel.write(bytes);
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
