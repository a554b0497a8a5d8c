package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {

    @TempDir
    Path folder;

    private String refusal() {
        String message = assertThrows(IllegalArgumentException.class, () -> RunLock.acquire(folder))
                .getMessage();
        assertTrue(message.startsWith("The run folder " + folder) && !message.contains("\n"), message);
        return message;
    }

    @Test
    void aSecondTrainerOfThisProcessIsRefusedUntilTheFirstIsDone() {
        try (RunLock lock = RunLock.acquire(folder)) {
            assertTrue(lock != null);
            String message = refusal();
            assertTrue(message.contains("process " + ProcessHandle.current().pid() + " on "), message);
        }
        RunLock.acquire(folder).close();
    }

    @Test
    void aTrainerOfAnotherProcessIsRefusedByNameUntilItDies() throws Exception {
        Process child = Hold.start(folder);
        try {
            String message = refusal();
            assertTrue(message.matches(".* is in use by process " + child.pid() + " on .+, since 2.+Z\\."), message);
            refusal();
        } finally {
            child.destroyForcibly().waitFor();
        }
        RunLock.acquire(folder).close();
    }

    @Test
    void anotherHostsLockHoldsWhileItBeats() throws Exception {
        Path file = folder.resolve(RunLock.FILE);
        Files.writeString(file, "{\"pid\":7,\"host\":\"elsewhere.example\",\"started\":\"2026-01-01T00:00:00Z\"}");
        ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor();
        try {
            int[] beats = {0};
            heart.scheduleAtFixedRate(
                    () -> setTime(file, FileTime.fromMillis(1_000_000 + 1000L * beats[0]++)),
                    0,
                    200,
                    TimeUnit.MILLISECONDS);
            String message = refusal();
            assertTrue(message.endsWith("process 7 on elsewhere.example, since 2026-01-01T00:00:00Z."), message);
        } finally {
            heart.shutdownNow();
            heart.awaitTermination(60, TimeUnit.SECONDS);
        }
        RunLock.acquire(folder, Duration.ofMillis(500)).close();
    }

    private static void setTime(Path file, FileTime time) {
        try {
            Files.setLastModifiedTime(file, time);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    /** A process that holds a lock until it is killed. */
    static final class Hold {

        private Hold() {}

        /** Returns when it holds the lock. */
        static Process start(Path folder) throws IOException {
            Process child = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Hold.class.getName(),
                            folder.toString())
                    .start();
            assertEquals("held", child.inputReader().readLine());
            return child;
        }

        public static void main(String[] arguments) throws Exception {
            RunLock.acquire(Path.of(arguments[0]));
            System.out.println("held");
            Thread.sleep(60_000);
        }
    }
}
