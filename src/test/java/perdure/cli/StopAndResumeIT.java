package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import perdure.checkpoint.MetaStore;

/** A run that was stopped inside an epoch and carried on ends with the bytes of one that was not. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(300) // Where the tests were started with a signal ignored, so are their trainers.
class StopAndResumeIT {
    private static final String[] FLAGS = {
        "--epochs",
        "2",
        "--steps-per-epoch",
        "500",
        "--context",
        "8",
        "--batch-size",
        "1",
        "--grad-accum",
        "2",
        "--dropout",
        "0.1"
    };

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    private static TinyRun unbroken;

    @BeforeAll
    static void train() throws IOException, InterruptedException {
        unbroken = new TinyRun(shared);
        finish(unbroken);
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130", "HUP, 129"})
    void endsWithTheSameBytes(String signal, int exitCode) throws IOException, InterruptedException {
        TinyRun broken = new TinyRun(folder);
        Process process = broken.start(broken.train(FLAGS));
        awaitStep(broken, process);
        new ProcessBuilder("kill", "-s", signal, Long.toString(process.pid()))
                .start()
                .waitFor();
        assertEquals(exitCode, TinyRun.await(process), Files.readString(broken.log()));
        long stoppedAt = new MetaStore(broken.checkpoints).read().step();
        assertTrue(stoppedAt > 0 && stoppedAt < 1000 && stoppedAt % 500 != 0, "stopped at step " + stoppedAt);

        finish(broken);
        assertArrayEquals(unbroken.weightsAndMoments(), broken.weightsAndMoments());
        assertEquals(
                Files.readString(unbroken.checkpoints.resolve("loss_history.jsonl")),
                Files.readString(broken.checkpoints.resolve("loss_history.jsonl")));
    }

    /** In a process of its own, as a user's: what libtorch did before in this one could show in the last bit. */
    private static void finish(TinyRun run) throws IOException, InterruptedException {
        assertEquals(0, TinyRun.await(run.start(run.train(FLAGS))), Files.readString(run.log()));
    }

    /** Until the run is well inside its first epoch, as its status file tells. */
    private static void awaitStep(TinyRun run, Process process) throws IOException, InterruptedException {
        Path status = run.checkpoints.resolve("loss_history.jsonl");
        while (!Files.exists(status) || Files.size(status) == 0) {
            assertTrue(process.isAlive(), () -> "the run ended early");
            Thread.sleep(5);
        }
    }

    @Test
    void twoSignalsAtOnceEndTheRun() throws IOException, InterruptedException {
        TinyRun run = new TinyRun(folder);
        Process process = run.start(run.train("--epochs", "100000", "--steps-per-epoch", "100"));
        awaitStep(run, process);
        String kill = "kill -TERM " + process.pid() + "; kill -INT " + process.pid();
        new ProcessBuilder("sh", "-c", kill).start().waitFor();
        int exitCode = TinyRun.await(process);
        assertTrue(exitCode == 130 || exitCode == 143, "exit code " + exitCode);
    }
}
