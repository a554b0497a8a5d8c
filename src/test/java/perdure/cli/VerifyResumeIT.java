package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("long")
class VerifyResumeIT {

    @TempDir
    Path folder;

    private TinyRun tiny;

    @BeforeEach
    void tiny() {
        tiny = new TinyRun(folder);
    }

    private List<String> command(String... flags) {
        List<String> command = tiny.train(flags);
        command.set(0, "verify-resume");
        return command;
    }

    private TinyRun.Result verify(String... flags) {
        return tiny.runApart(command(flags));
    }

    @Test
    void aKilledRunEqualsAnUnbrokenOneAndTheFiguresAreTold() {
        TinyRun.Result result =
                verify("--epochs", "50", "--max-steps", "400", "--kills", "2", "--kill-seed", "1", "--dropout", "0.1");

        assertEquals(0, result.exitCode(), result::out);
        // On a fast machine the run may end before the last kill.
        assertTrue(result.out().matches("(?s).*EQUAL to the byte: [12] kills.*"), result::out);
        assertEquals(
                3, result.out().lines().filter(line -> line.contains("SHA-256")).count(), result::out);
        assertFalse(Files.exists(tiny.checkpoints));
    }

    /** Of a size that is multiplied in bf16, by two threads. */
    @Test
    void aKilledRunInBf16EqualsAnUnbrokenOne() {
        TinyRun.Result result = verify(
                ("--epochs 2 --steps-per-epoch 60 --kills 2 --kill-seed 1 --precision bf16 --hidden-size 128 --context 64"
                                + " --threads 2 --leaves 2 --checkpoint-every 20")
                        .split(" "));

        assertEquals(0, result.exitCode(), result::out);
        assertTrue(result.out().matches("(?s).*EQUAL to the byte: [12] kills.*"), result::out);
    }

    /** Of the ranks one is killed each time, and the others end by themselves. */
    @Test
    void ranksThatAreKilledEqualOneUnbrokenProcess() {
        TinyRun.Result result =
                verify("--ranks 2 --grad-accum 2 --epochs 50 --max-steps 400 --kills 3 --kill-seed 2 --dropout 0.1"
                        .split(" "));

        assertEquals(0, result.exitCode(), result::out);
        assertTrue(result.out().matches("(?s).*EQUAL to the byte: [123] kills.*"), result::out);
        assertTrue(result.out().contains("kill 1, of rank "), result::out);
    }

    @Test
    void ranksAreTheChecksOwnAndShareTheMicroBatches() {
        assertRefused(
                "--grad-accum 3 cannot be shared evenly by 2 ranks: each trains on as many micro-batches of a step.",
                "--ranks 2 --grad-accum 3");
        assertRefused("--ranks 3 is not a power of two: 1, 2, 4, 8, …", "--ranks 3");
        assertRefused("--rank is set by the check itself: say --ranks N.", "--ranks 2 --grad-accum 2 --rank 0");
    }

    private void assertRefused(String line, String flags) {
        TinyRun.Result result = TinyRun.run(command(("--epochs 2 " + flags).split(" ")));
        assertEquals(2, result.exitCode());
        assertEquals("perdure: " + line, result.err().strip());
    }

    @Test
    void badFlagsOfTrainAreBadFlagsHere() {
        assertEquals(2, TinyRun.run(command("--epochs", "2", "--kills", "0")).exitCode());
        TinyRun.Result result = TinyRun.run(command("--epochs", "2", "--beta1", "2"));
        assertEquals(2, result.exitCode());
        assertTrue(result.err().contains("--beta1 2.0"), result::err);
    }
}
