package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Signals as a shell and a supervisor send them. */
class SignalIT {

    @TempDir
    Path folder;

    private TrainingProcess start() {
        assumeTrue(Files.isExecutable(Path.of("/bin/kill")) || Files.isExecutable(Path.of("/usr/bin/kill")));
        TinyRun run = new TinyRun(folder);
        List<String> flags = run.train("--epochs", "1", "--steps-per-epoch", "100000");
        return TrainingProcess.start(run.checkpoints, run.log(), flags.subList(1, flags.size()));
    }

    private static void send(TrainingProcess trainer, String signal) throws Exception {
        assertEquals(
                0,
                new ProcessBuilder("kill", "-" + signal, "" + trainer.pid())
                        .start()
                        .waitFor());
    }

    @ParameterizedTest
    @CsvSource({"HUP, 129", "INT, 130", "TERM, 143"})
    void eachSavesTheStepItCameInAndHasAnExitCodeOfItsOwn(String signal, int exitCode) throws Exception {
        try (TrainingProcess trainer = start()) {
            assertTrue(trainer.await(() -> trainer.lastStep() > 20), trainer::output);
            send(trainer, signal);
            assertEquals(exitCode, trainer.waitFor(), trainer::output);
            assertEquals(trainer.lastStep(), trainer.lastSaved());
        }
    }

    @Test
    void beforeThereIsAnythingToSaveTheProcessJustEnds() throws Exception {
        try (TrainingProcess trainer = start()) {
            TrainingProcess.pause(300);
            send(trainer, "TERM");
            assertEquals(143, trainer.waitFor());
            assertFalse(trainer.output().contains("Exception"), trainer::output);
        }
    }
}
