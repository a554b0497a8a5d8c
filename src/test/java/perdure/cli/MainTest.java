package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    /** The tests' classes lie in no jar; libtorch's do. */
    @Test
    void saysWhichVersionItIsAndOnWhichLibtorch() {
        TinyRun.Result result = TinyRun.run(List.of("--version"));
        assertEquals(0, result.exitCode());
        List<String> lines = result.out().lines().toList();
        assertEquals("perdure (built from source)", lines.get(0));
        assertEquals(2, lines.size());
        assertEquals("libtorch 2.", lines.get(1).substring(0, 11));
    }

    @Test
    void tellsWhoseMemoryRanOut() {
        assertEquals(
                "Out of Java memory (Java heap space). Give Java more with java -Xmx.",
                Main.failure(new OutOfMemoryError("Java heap space")));
        String ofLibtorch =
                "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: not enough memory: you tried to";
        String gpu = Main.failure(new RuntimeException("CUDA out of memory. Tried to allocate 2.00 GiB.\nframes"));
        assertTrue(gpu.startsWith("Out of the GPU's memory (CUDA out of memory. Tried to allocate 2.00 GiB."), gpu);
        assertTrue(gpu.contains("--batch-size"), gpu);
        for (Throwable problem : List.of(
                new OutOfMemoryError("Physical memory usage is too high"),
                new RuntimeException(ofLibtorch + " allocate 9 bytes.\nframes"))) {
            String message = Main.failure(problem);
            assertTrue(message.startsWith("Out of native memory ("), message);
            assertEquals(1, message.lines().count());
        }
    }

    @Test
    void tellsThatMemoryRanOutInAnotherThread() {
        Throwable cause = new ExecutionException(new OutOfMemoryError("Java heap space"));
        assertEquals(
                "Out of Java memory (Java heap space). Give Java more with java -Xmx.",
                Main.failure(new IllegalStateException("The text could not be tokenized", cause)));
    }

    @Test
    void tellsThatNoThreadCouldBeStarted() {
        String message = Main.failure(new OutOfMemoryError(
                "unable to create native thread: possibly out of memory or process/resource limits reached"));
        assertTrue(message.contains("ulimit -u") && !message.contains("--batch-size"), message);
    }

    @Test
    void tellsWhatFailedTwiceOnce() {
        Throwable problem = new IllegalStateException("Step 3 could not be saved");
        problem.addSuppressed(new IllegalStateException("Step 3 could not be saved"));
        problem.addSuppressed(new IllegalStateException("The server could not be closed"));
        assertEquals(List.of("Step 3 could not be saved", "The server could not be closed"), Main.failures(problem));
    }

    @Test
    void printsAStackTraceOnlyIfAsked(@TempDir Path folder) throws IOException {
        Files.createDirectories(folder.resolve("step-0000000001")); // a checkpoint with nothing in it
        List<String> command = List.of("generate", "--chat", "Hi", "--checkpoints", folder.toString());
        TinyRun.Result brief = TinyRun.run(command);
        assertEquals(1, brief.exitCode());
        assertEquals(1, brief.err().lines().count(), brief.err());
        TinyRun.Result verbose =
                TinyRun.run(Stream.concat(command.stream(), Stream.of("-v")).toList());
        assertEquals(1, verbose.exitCode());
        assertTrue(verbose.err().contains("\tat perdure.checkpoint."), verbose.err());
        assertTrue(verbose.err().endsWith(brief.err()), verbose.err());
    }
}
