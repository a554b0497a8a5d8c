package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import perdure.bench.RunComparison;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.MetaStore;

/** {@code --resume-from} and {@code --branch}. */
class GoBackTest extends TinyRunTest {
    private Path branch;

    @BeforeEach
    void aRunOfThreeEpochs() {
        branch = folder.resolve("branch");
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "3", "--keep", "9")).exitCode());
    }

    private TinyRun.Result train(String... flags) {
        List<String> command = List.of("train", "--no-server", "--checkpoints", tiny.checkpoints.toString());
        return TinyRun.run(Stream.concat(command.stream(), Stream.of(flags)).toList());
    }

    private static Map<String, Long> files(Path folder) throws IOException {
        Map<String, Long> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                found.put(
                        folder.relativize(file).toString(),
                        Files.getLastModifiedTime(file).toMillis() + Files.size(file));
            }
        }
        return found;
    }

    private static long step(Path folder) {
        return new MetaStore(folder).read().step();
    }

    @Test
    void goingBackDeletesNothingWithoutConsent() throws IOException {
        Map<String, Long> before = files(tiny.checkpoints);
        TinyRun.Result result = train("--resume-from", "step-5");
        assertEquals(2, result.exitCode());
        assertTrue(
                result.err()
                        .contains("--resume-from step-0000000005 would delete what is newer (step-0000000015,"
                                + " step-0000000010)"),
                result.err());
        assertTrue(result.err().contains("(--accept-changes)"), result.err());
        assertEquals(before, files(tiny.checkpoints));
    }

    @Test
    void goesBackOnceHoweverOftenTheCommandIsRun() throws IOException {
        String[] command = {
            "--resume-from", "step-5", "--accept-changes", "--learning-rate", "0.001", "--max-steps", "7"
        };
        TinyRun.Result result = train(command);
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("Going back to step-0000000005; the next save deletes"), result.out());
        assertTrue(result.out().contains("after step 5."), result.out());
        assertEquals(7, step(tiny.checkpoints));
        assertFalse(Files.exists(tiny.checkpoints.resolve("step-0000000015")));
        command[command.length - 1] = "9";
        result = train(command);
        assertTrue(result.out().contains("The run went back to step-0000000005 before"), result.out());
        assertTrue(result.out().contains("after step 7."), result.out());
        // A session without the flag keeps the record.
        assertEquals(0, train("--max-steps", "11").exitCode());
        command[command.length - 1] = "100";
        assertTrue(train(command).out().contains("after step 11."));
        assertEquals(15, step(tiny.checkpoints));
        assertEquals(
                List.of(0, 1, 2),
                LossCurve.read(tiny.checkpoints, 100).epochs().stream()
                        .map(LossCurve.Epoch::epoch)
                        .toList());
    }

    @Test
    void aBranchLeavesTheRunAsItIsAndEndsWithTheSameBytes() throws IOException {
        Map<String, Long> before = files(tiny.checkpoints);
        String[] command = {"--resume-from", "5", "--branch", branch.toString(), "--max-steps", "8"};
        TinyRun.Result result = train(command);
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("after step 5."), result.out());
        command[command.length - 1] = "100";
        result = train(command);
        assertTrue(result.out().contains("holds a run already, which goes on."), result.out());
        assertTrue(result.out().contains("after step 8."), result.out());
        assertEquals(before, files(tiny.checkpoints));
        assertTrue(RunComparison.of(tiny.checkpoints, branch).isEqual());
        assertEquals(
                0,
                TinyRun.run(List.of("train", "--no-server", "--checkpoints", branch.toString()))
                        .exitCode());
    }

    @Test
    void aBranchOfTheNewestCheckpointTriesAnotherRate() {
        TinyRun.Result result = train("--branch", branch.toString(), "--epochs", "4", "--learning-rate", "0.001");
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("learning rate was 0.04 and is 0.001 now."), result.out());
        assertEquals(20, step(branch));
        assertEquals(15, step(tiny.checkpoints));
    }

    @Test
    void aBranchThatIsRefusedLeavesNothing() throws IOException {
        TinyRun.Result result =
                train("--resume-from", "5", "--branch", branch.toString(), "--epochs", "4", "--layers", "2");
        assertEquals(2, result.exitCode());
        assertTrue(result.err().contains("--layers was 1 and is 2 now"), result.err());
        assertFalse(Files.exists(branch));
    }

    @Test
    void whatIsNotThereIsNamed() {
        for (String name : List.of("step-7", "latest", "step-0000000005-3")) {
            TinyRun.Result result = train("--resume-from", name, "--accept-changes");
            assertEquals(2, result.exitCode(), name);
            assertTrue(result.err().contains("--resume-from"), result.err());
        }
        assertTrue(train("--resume-from", "step-7", "--accept-changes")
                .err()
                .contains("has only step-0000000005, step-0000000010, step-0000000015"));
        assertEquals(2, train("--branch", tiny.checkpoints.toString()).exitCode());
        Path none = folder.resolve("none");
        TinyRun.Result result = TinyRun.run(
                List.of("train", "--no-server", "--checkpoints", none.toString(), "--branch", branch.toString()));
        assertEquals(2, result.exitCode());
        assertTrue(result.err().contains("has no checkpoint to branch off"), result.err());
    }
}
