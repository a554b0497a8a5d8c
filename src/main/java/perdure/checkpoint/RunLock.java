package perdure.checkpoint;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Keeps a second trainer out of a run folder. The operating system releases the lock of a process that dies, however it
 * dies. Some shared file systems do not carry locks between hosts, and some have none: there a holder is recognised by
 * its heartbeat in {@code run.lock}.
 *
 * <p>No other code of this process may open {@code run.lock}: on POSIX systems, closing it anywhere releases the lock.
 */
public final class RunLock implements AutoCloseable {

    static final String FILE = "run.lock";

    /** How often the holder writes to the file. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(3);

    /** How long the file of a holder whose lock cannot be asked for is watched for a heartbeat. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** Where there are no locks: after so long a process that wrote to the file at the same moment has written too. */
    private static final Duration SETTLED = Duration.ofSeconds(1);

    /** After so long without a heartbeat a holder on another host is taken for dead. */
    private static final Duration SIGN_OF_LIFE = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);

    /** Far from the content, which so stays readable where locks are mandatory. */
    private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

    private static final int MAXIMUM_LENGTH = 4096;

    /**
     * The folders that this process has locked. File locks belong to the process, so a second attempt from it must not
     * open the file.
     */
    private static final Map<Path, Holder> HELD = new ConcurrentHashMap<>();

    /** Who holds the lock. This is the content of the file. */
    private record Holder(long pid, String host, String started) {

        @Override
        public String toString() {
            return "process " + pid + " on " + host + ", since " + started;
        }
    }

    /** The run folder, or its {@code run.lock}, is another one than that which was locked. */
    static final class ReplacedException extends IOException {
        private static final long serialVersionUID = 1;

        ReplacedException(String message) {
            super(message);
        }
    }

    private final Path runFolder;
    private final Path key;
    private final Holder self;
    private final Thread heart;

    // These change if the file is deleted.
    private FileChannel channel;
    private Object identity; // of the file; null where files have none

    private RunLock(Path runFolder, Path key, Holder self, FileChannel channel) throws IOException {
        this.runFolder = runFolder;
        this.key = key;
        this.self = self;
        this.channel = channel;
        identity = DurableFiles.attributes(key.resolve(FILE)).fileKey();
        heart = new Thread(this::beat, "run-lock-heartbeat");
        heart.setDaemon(true);
        heart.start();
    }

    /**
     * Takes the lock of a run folder. A missing folder is created.
     *
     * @throws IllegalArgumentException with one line: process id, host and start of the trainer that holds the lock, or
     *     why the folder cannot be written to
     */
    public static RunLock acquire(Path runFolder) {
        return acquire(runFolder, PATIENCE);
    }

    static RunLock acquire(Path runFolder, Duration patience) {
        MetaStore.prepareFolder(runFolder);
        Holder self = new Holder(
                ProcessHandle.current().pid(),
                host(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        try {
            Path key = runFolder.toRealPath();
            Holder other = HELD.putIfAbsent(key, self);
            if (other != null) {
                throw taken(runFolder, other);
            }
            try {
                return acquire(runFolder, key, self, patience);
            } catch (IOException | RuntimeException problem) {
                HELD.remove(key);
                throw problem;
            }
        } catch (IOException problem) {
            throw new IllegalArgumentException(
                    "The run folder " + runFolder + " cannot be locked: " + DurableFiles.cause(problem), problem);
        }
    }

    private static RunLock acquire(Path runFolder, Path key, Holder self, Duration patience) throws IOException {
        Path file = key.resolve(FILE);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            Kernel kernel = lock(channel, file);
            Holder other = holder(channel);
            // A lock on this host speaks for all of its processes.
            boolean told = kernel == Kernel.LOCKED && other != null && other.host.equals(self.host);
            if (kernel == Kernel.LOCKED_BY_ANOTHER || other != null && !told && beats(file, patience)) {
                throw taken(runFolder, other);
            }
            write(channel, self);
            if (kernel == Kernel.HAS_NO_LOCKS) {
                sleep(SETTLED);
                Holder last = holder(channel);
                if (!self.equals(last)) {
                    throw taken(runFolder, last);
                }
            }
            return new RunLock(runFolder, key, self, channel);
        } catch (IOException | RuntimeException problem) {
            channel.close();
            throw problem;
        }
    }

    /** What the file says of this holder: others who see it see the same folder. */
    public byte[] content() {
        return Json.MAPPER.writeValueAsBytes(self);
    }

    /**
     * Checks that the run folder is still the one that was locked: it may have been renamed, and another one may have its
     * name, in which another trainer lives. This is one look at the file, so it may be asked for before everything that is
     * written. If the file was only deleted, the folder is locked again.
     *
     * @throws IOException with one line, if another file is in its place, or if the folder is gone
     */
    public synchronized void requireHeld() throws IOException {
        Path file = runFolder.resolve(FILE);
        BasicFileAttributes now = DurableFiles.attributes(file);
        if (now == null) {
            lockAgain(file);
        } else if (!Objects.equals(now.fileKey(), identity)) {
            throw replaced(file);
        }
    }

    private void lockAgain(Path file) throws IOException {
        if (!DurableFiles.isFolder(runFolder)) {
            throw new NoSuchFileException(runFolder.toString());
        }
        FileChannel created = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (lock(created, file) == Kernel.LOCKED_BY_ANOTHER) {
                throw replaced(file);
            }
            write(created, self);
            identity = DurableFiles.attributes(file).fileKey();
        } catch (IOException | RuntimeException problem) {
            created.close();
            throw problem;
        }
        channel.close();
        channel = created;
    }

    /** The file is another one than that which is held, so it may be opened. */
    private ReplacedException replaced(Path file) throws IOException {
        Holder other;
        try (FileChannel theirs = FileChannel.open(file, StandardOpenOption.READ)) {
            other = holder(theirs);
        }
        return new ReplacedException(
                other == null || other.equals(self)
                        ? "the run folder or its " + FILE + " was replaced: put it back, or delete " + file
                                + " to save in the folder that is there now"
                        : "the run folder was replaced by that of " + other
                                + ": nothing is written there until the former one is back");
    }

    /** File operations that fail as soon as {@link #requireHeld} does. */
    public DurableFiles files() {
        return new DurableFiles(FaultPoint.fromSystemProperty(), this);
    }

    /** Whether that file has the content; not for the process that holds the lock. */
    public static boolean isThatOf(Path runFolder, byte[] content) {
        try {
            return Arrays.equals(content, Files.readAllBytes(runFolder.resolve(FILE)));
        } catch (IOException absent) {
            return false;
        }
    }

    /**
     * Whether a trainer seems to live, by the content of the file: its process on this host, or a heartbeat within the last
     * minute on another. For display only, since this takes no lock.
     */
    public static boolean isHeld(Path runFolder) {
        try {
            Path key = runFolder.toRealPath();
            if (HELD.containsKey(key)) {
                return true;
            }
            try (FileChannel channel = FileChannel.open(key.resolve(FILE), StandardOpenOption.READ)) {
                Holder holder = holder(channel);
                return holder != null
                        && (holder.host.equals(host())
                                ? ProcessHandle.of(holder.pid)
                                        .map(ProcessHandle::isAlive)
                                        .orElse(false)
                                : Files.getLastModifiedTime(key.resolve(FILE))
                                        .toInstant()
                                        .isAfter(Instant.now().minus(SIGN_OF_LIFE)));
            }
        } catch (IOException absent) {
            return false;
        }
    }

    /** What the operating system says. */
    private enum Kernel {
        LOCKED,
        LOCKED_BY_ANOTHER,
        HAS_NO_LOCKS
    }

    private static Kernel lock(FileChannel channel, Path file) {
        try {
            FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
            return lock == null ? Kernel.LOCKED_BY_ANOTHER : Kernel.LOCKED;
        } catch (IOException unsupported) {
            LOG.warn(
                    "The file system of {} has no locks ({}). A second trainer is kept out by the content of this file"
                            + " alone: do not start two at the same moment.",
                    file,
                    DurableFiles.cause(unsupported));
            return Kernel.HAS_NO_LOCKS;
        }
    }

    private static IllegalArgumentException taken(Path runFolder, Holder holder) {
        return new IllegalArgumentException(
                "The run folder " + runFolder + " is in use by " + (holder == null ? "another trainer" : holder) + ".");
    }

    private static Holder holder(FileChannel channel) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(MAXIMUM_LENGTH);
        int length = Math.max(0, channel.read(content, 0));
        try {
            Holder holder = Json.MAPPER.readValue(content.array(), 0, length, Holder.class);
            return holder == null || holder.host == null ? null : holder;
        } catch (JacksonException unreadable) {
            return null;
        }
    }

    private static void write(FileChannel channel, Holder holder) throws IOException {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(Json.MAPPER.writeValueAsBytes(holder)), 0);
    }

    private static boolean beats(Path file, Duration patience) throws IOException {
        Object before = Files.getLastModifiedTime(file);
        long end = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < end) {
            if (!Files.getLastModifiedTime(file).equals(before)) {
                return true;
            }
            sleep(Duration.ofMillis(100));
        }
        return false;
    }

    /** Writes heartbeats until the lock is closed. */
    private void beat() {
        while (sleep(HEARTBEAT)) {
            synchronized (this) {
                if (!channel.isOpen()) {
                    return;
                }
                try {
                    channel.write(ByteBuffer.wrap(content()), 0);
                } catch (IOException missed) {
                    // The lock itself is still held, and the next heartbeat may succeed.
                    continue;
                }
            }
        }
    }

    private static boolean sleep(Duration duration) {
        try {
            Thread.sleep(duration.toMillis());
            return true;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "localhost";
        }
    }

    /** Releases the lock. The empty file stays, because removing it could remove the next holder's file. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted(); // It would close the channel before the file is empty.
        synchronized (this) {
            try (FileChannel held = channel) {
                held.truncate(0);
            } catch (IOException problem) {
                throw DurableFiles.failed(key.resolve(FILE), problem);
            } finally {
                HELD.remove(key);
                heart.interrupt();
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
