package perdure.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.opentest4j.TestAbortedException;

/**
 * A small ext4 file system in a file, mounted through a loop device. Its file holds only what has been written back, so
 * that a copy of it, made while it is mounted, is what a power cut would leave. Needs root.
 */
final class Ext4Image implements AutoCloseable {

    /** Longest time to wait for a moment in which nothing is written to the file. */
    private static final long PATIENCE = 60_000;

    private final Path file;
    private final Path mountPoint;
    private final String device;

    private Ext4Image(Path file, Path mountPoint) {
        this.file = file;
        this.mountPoint = mountPoint;
        // The system commits on its own no sooner than that: what is not forced is not there.
        run("mount", "-o", "loop,commit=300", file.toString(), mountPoint.toString());
        device = run("findmnt", "-n", "-o", "SOURCE", mountPoint.toString()).strip();
    }

    /**
     * Makes one.
     *
     * @throws TestAbortedException saying why, where this user or machine cannot mount one
     */
    static Ext4Image create(Path folder, int mebibytes) {
        Path file = folder.resolve("disk.img");
        try {
            run("truncate", "-s", mebibytes + "M", file.toString());
            // Nothing is left to the kernel to initialize later, which would be writing in the background.
            run("mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=0,lazy_journal_init=0", file.toString());
            return mount(file);
        } catch (IllegalStateException unable) {
            throw new TestAbortedException("Skipped, no loop mount here (it takes root): " + unable.getMessage());
        }
    }

    private static Ext4Image mount(Path file) {
        try {
            return new Ext4Image(file, Files.createDirectories(file.resolveSibling(file.getFileName() + ".mounted")));
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    /** Where it is mounted. */
    Path path() {
        return mountPoint;
    }

    /** What the file holds at one instant, mounted: the state after a power cut. This one goes. */
    Ext4Image afterPowerCut() {
        Path copy = file.resolveSibling("disk-" + System.nanoTime() + ".img");
        long end = System.currentTimeMillis() + PATIENCE;
        String before;
        do {
            if (System.currentTimeMillis() > end) {
                throw new IllegalStateException(file + " is being written to all the time.");
            }
            before = writes();
            run("cp", "--sparse=always", file.toString(), copy.toString());
        } while (before == null || !before.equals(writes()));
        close();
        return mount(copy);
    }

    /** How much was ever written to the device; null while something is under way. */
    private String writes() {
        try {
            String name = Objects.requireNonNull(Path.of(device).getFileName()).toString();
            String[] fields = Files.readString(Path.of("/sys/block", name, "stat"))
                    .strip()
                    .split("\\s+");
            return fields[8].equals("0") ? fields[4] + "/" + fields[6] : null;
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    @Override
    public void close() {
        run("umount", mountPoint.toString());
        try {
            Files.delete(mountPoint);
            Files.delete(file);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", List.of(command)) + ": " + output.strip());
            }
            return output;
        } catch (IOException | InterruptedException problem) {
            throw new IllegalStateException(command[0] + ": " + problem.getMessage(), problem);
        }
    }
}
