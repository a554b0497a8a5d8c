package perdure.checkpoint;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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

    private static final Logger LOG = LoggerFactory.getLogger(DurableFiles.class);

    /** File systems that cannot force a folder, each of which was told once. */
    private static final Set<FileStore> NOT_FORCED = ConcurrentHashMap.newKeySet();

    private final FaultPoint.Hook hook;
    private final RunLock lock; // null: nobody else is to be kept out
    private final boolean forces;

    DurableFiles(FaultPoint.Hook hook) {
        this(hook, null, !"off".equals(System.getProperty(FORCE_PROPERTY)));
    }

    /** @param lock without which every operation fails */
    DurableFiles(FaultPoint.Hook hook, RunLock lock) {
        this(hook, lock, !"off".equals(System.getProperty(FORCE_PROPERTY)));
    }

    DurableFiles(FaultPoint.Hook hook, boolean forces) {
        this(hook, null, forces);
    }

    private DurableFiles(FaultPoint.Hook hook, RunLock lock, boolean forces) {
        this.hook = hook;
        this.lock = lock;
        this.forces = forces;
    }

    /** Checks that the run folder is still the one that was locked, as is done before every operation. */
    void requireHeld() throws IOException {
        if (lock != null) {
            lock.requireHeld();
        }
    }

    private void reached(FaultPoint point) throws IOException {
        requireHeld();
        hook.reached(point);
    }

    /** Content that is written to a file from beginning to end. */
    public interface Content {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    /**
     * Creates a file, which must not exist, writes it and forces it. The caller forces its folder.
     *
     * @return size and SHA-256 of what was written
     */
    Manifest.Entry create(Path file, Content content) throws IOException {
        Fingerprint fingerprint = Fingerprint.ofMuch();
        long size = create(file, content, fingerprint);
        return new Manifest.Entry(size, fingerprint.hex());
    }

    /**
     * The same, for content whose SHA-256 nobody asks for: large files are written faster without it.
     *
     * @return size of what was written
     */
    long createUnsigned(Path file, Content content) throws IOException {
        return create(file, content, (Fingerprint) null);
    }

    private long create(Path file, Content content, Fingerprint fingerprint) throws IOException {
        reached(FaultPoint.CREATE_FILE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            Counted counted = new Counted(channel, fingerprint);
            content.writeTo(counted);
            force(channel, FaultPoint.FORCE_FILE);
            return counted.size;
        }
    }

    Manifest.Entry create(Path file, byte[] content) throws IOException {
        return create(file, channel -> channel.write(ByteBuffer.wrap(content)));
    }

    void force(FileChannel channel, FaultPoint point) throws IOException {
        reached(point);
        if (forces) {
            channel.force(true);
        }
    }

    /**
     * Makes creations, moves and deletions in a folder durable. Some file systems, such as CIFS and many in user space,
     * can force files alone: there this is a warning, told once.
     */
    void forceFolder(Path folder, FaultPoint point) throws IOException {
        reached(point);
        if (!forces || !FOLDERS_ARE_FORCED) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException problem) {
            if (!Unsupported.MESSAGES.contains(problem.getMessage())) {
                throw problem;
            }
            if (NOT_FORCED.add(Files.getFileStore(folder))) {
                LOG.warn(
                        "The file system of {} cannot force folders to disk ({}). Saving goes on; after a power cut the"
                                + " newest checkpoints may be missing, and the one before them is used.",
                        folder.toAbsolutePath().normalize(),
                        problem.getMessage());
            }
        }
    }

    /** What the system says if an operation does not exist for a file, in its language. It is all that Java passes on. */
    private static final class Unsupported {

        /** EINVAL, ENOSYS and EOPNOTSUPP of Linux. */
        private static final int[] NUMBERS = {22, 38, 95};

        static final Set<String> MESSAGES = messages();

        private static Set<String> messages() {
            Set<String> messages = new HashSet<>(
                    Set.of("Invalid argument", "Function not implemented", "Operation not supported", "Not supported"));
            try {
                Function message = NativeLibrary.getProcess().getFunction("strerror");
                for (int number : NUMBERS) {
                    messages.add(message.invokeString(new Object[] {number}, false));
                }
            } catch (LinkageError english) {
                LOG.debug("Messages of the system are known in English alone.", english);
            }
            return messages;
        }
    }

    /** Moves a file or folder atomically. A file at the target is replaced, a folder is not. */
    void move(Path from, Path to, FaultPoint point) throws IOException {
        reached(point);
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Deletes a folder. It is renamed first, so that nobody sees it half deleted under its name. */
    void retire(Path folder, Path retired) throws IOException {
        delete(retired);
        move(folder, retired, FaultPoint.DELETE_OLD);
        delete(retired);
    }

    /**
     * The attributes of what a path or the links that it names lead to; null if nothing is there.
     *
     * @throws IOException if that cannot be found out, which does not mean that it is missing
     */
    static BasicFileAttributes attributes(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class);
        } catch (NoSuchFileException missing) {
            if (Files.isSymbolicLink(path)) {
                throw new FileSystemException(
                        path.toString(),
                        null,
                        "the link leads to " + Files.readSymbolicLink(path) + ", which is missing");
            }
            return null;
        } catch (FileSystemException problem) {
            // Below a file nothing can be.
            for (Path above = path.getParent(); above != null; above = above.getParent()) {
                if (Files.isRegularFile(above)) {
                    return null;
                }
            }
            throw problem;
        }
    }

    /**
     * Bytes that the disk has room for where a path is or is to be; the largest number if it does not say, as some file
     * systems in user space.
     */
    public static long room(Path path) throws IOException {
        Path existing = path.toAbsolutePath();
        while (existing.getParent() != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        FileStore disk = Files.getFileStore(existing);
        return disk.getTotalSpace() > 0 ? disk.getUsableSpace() : Long.MAX_VALUE;
    }

    /** Whether something is there. Errors are those of {@link #attributes}. */
    static boolean exists(Path path) throws IOException {
        return attributes(path) != null;
    }

    /** Whether there is a folder. Errors are those of {@link #attributes}. */
    static boolean isFolder(Path path) throws IOException {
        BasicFileAttributes attributes = attributes(path);
        return attributes != null && attributes.isDirectory();
    }

    /** The failure of an operation in one line that begins with the path and names the cause. */
    static UncheckedIOException failed(Path path, IOException problem) {
        String cause = cause(problem);
        return new UncheckedIOException(cause.startsWith(path.toString()) ? cause : path + ": " + cause, problem);
    }

    /**
     * The cause of a failure in words: Java's own message is often the name of the file alone, and its class says the
     * rest.
     */
    public static String cause(IOException problem) {
        if (!(problem instanceof FileSystemException named) || named.getFile() == null) {
            return problem.getMessage() == null ? problem.toString() : problem.getMessage();
        }
        String reason = named.getReason();
        if (problem instanceof NoSuchFileException) {
            reason = "no such file or folder";
        } else if (problem instanceof AccessDeniedException) {
            reason = "permission denied";
        } else if (problem instanceof FileAlreadyExistsException) {
            reason = "exists already";
        } else if (problem instanceof DirectoryNotEmptyException) {
            reason = "the folder is not empty";
        } else if (isCircle(named)) {
            reason = "the link leads back to itself";
        } else if (reason == null) {
            reason = problem.getClass().getSimpleName();
        }
        return named.getFile() + (named.getOtherFile() == null ? "" : " -> " + named.getOtherFile()) + ": " + reason;
    }

    /** Whether the cause of a failure is that a file is not there, or that a link leads to none or back to itself. */
    public static boolean isMissing(IOException problem) {
        return problem instanceof FileSystemException named
                && named.getFile() != null
                && (Files.notExists(Path.of(named.getFile())) || isCircle(named));
    }

    /** Java has no class for ELOOP. It adds these words to the message of the system, in any language. */
    private static boolean isCircle(FileSystemException problem) {
        return problem.getReason() != null
                && problem.getReason().endsWith("or unable to access attributes of symbolic link");
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

    /** Writes all bytes to a file, counting and, if it is asked for, hashing them, with a fault point before every block. */
    private final class Counted implements WritableByteChannel {

        private final FileChannel channel;
        private final Fingerprint fingerprint; // or null
        private long size;

        Counted(FileChannel channel, Fingerprint fingerprint) {
            this.channel = channel;
            this.fingerprint = fingerprint;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            int count = bytes.remaining();
            if (fingerprint != null) {
                fingerprint.add(bytes);
            }
            while (bytes.hasRemaining()) {
                reached(FaultPoint.WRITE_FILE);
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
