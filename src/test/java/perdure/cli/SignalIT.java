package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import perdure.bench.TrainingProcess;
import perdure.checkpoint.Meta;
import perdure.checkpoint.MetaStore;

/** Signals as a shell and a supervisor send them. */
@Timeout(300) // Where the tests were started with a signal ignored, so are their trainers.
class SignalIT {

    private static final Map<String, Integer> EXIT_CODES = Map.of("HUP", 129, "INT", 130, "USR1", 138, "TERM", 143);

    @TempDir
    Path folder;

    private TrainingProcess start(String... moreFlags) {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
        TinyRun run = new TinyRun(folder);
        List<String> flags = run.train("--epochs", "100000", "--steps-per-epoch", "127"); // all of its text
        Collections.addAll(flags, moreFlags);
        return TrainingProcess.start(run.checkpoints, run.log(), flags.subList(1, flags.size()), ChildJava.options());
    }

    /** One right after the other, so that no time for a machine to stand still is between them. */
    private static void send(TrainingProcess trainer, String... signals) throws Exception {
        String kills = Stream.of(signals)
                .map(signal -> "kill -" + signal + " " + trainer.pid())
                .collect(Collectors.joining("; "));
        new ProcessBuilder("sh", "-c", kills).start().waitFor(); // It may have ended after the first.
    }

    @ParameterizedTest
    @CsvSource({"HUP, 129", "INT, 130", "USR1, 138", "TERM, 143", "XCPU, 152"})
    void eachSavesTheStepItCameInAndHasAnExitCodeOfItsOwn(String signal, int exitCode) throws Exception {
        try (TrainingProcess trainer = start()) {
            assertTrue(trainer.await(() -> trainer.lastStep() > 20), trainer::output);
            send(trainer, signal);
            assertEquals(exitCode, trainer.waitFor(), trainer::output);
            assertEquals(trainer.lastStep(), trainer.lastSaved());
        }
    }

    @ParameterizedTest
    @CsvSource({"TERM, TERM", "TERM, HUP", "HUP, HUP", "INT, INT", "USR1, TERM"})
    void aRepetitionWithinASecondIsTheSameRequest(String first, String second) throws Exception {
        try (TrainingProcess trainer = start()) {
            assertTrue(trainer.await(() -> trainer.lastStep() > 20), trainer::output);
            send(trainer, first, second);
            // If both are there when Java looks, it takes the lower number first.
            List<Integer> exitCodes = List.of(EXIT_CODES.get(first), EXIT_CODES.get(second));
            assertTrue(exitCodes.contains(trainer.waitFor()), trainer::output);
            assertEquals(trainer.lastStep(), trainer.lastSaved());
        }
    }

    /** Seconds in which this machine starts a run and trains for a while, whatever else it does. */
    private long timeToTrain() throws Exception {
        long start = System.nanoTime();
        TinyRun run = new TinyRun(Files.createDirectory(folder.resolve("measured")));
        assertEquals(0, TinyRun.await(run.start(run.train("--epochs", "1", "--max-steps", "1"))));
        return 4 + 2 * TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    }

    @Test
    void theTimeLimitSavesAndStopsBeforeIt() throws Exception {
        // How long before the limit it stops is tested where time can stand still.
        String limit = timeToTrain() + "s";
        try (TrainingProcess trainer = start("--epochs", "100000", "--steps-per-epoch", "100", "--max-time", limit)) {
            assertEquals(0, trainer.waitFor(), trainer::output);
            assertTrue(trainer.lastStep() > 0, trainer::output);
            assertEquals(trainer.lastStep(), trainer.lastSaved());
            assertTrue(trainer.output().contains("Stopped by --max-time " + limit + ". The same command carries on."));
        }
    }

    @Test
    void theEndOfASlurmJobIsATimeLimitToo() throws Exception {
        TinyRun run = new TinyRun(folder);
        long end = Instant.now().getEpochSecond() + 30 + timeToTrain();
        Process trainer = run.start(
                run.train("--epochs", "100000", "--steps-per-epoch", "100"), Map.of("SLURM_JOB_END_TIME", "" + end));
        assertEquals(0, TinyRun.await(trainer));
        assertTrue(
                Instant.now().getEpochSecond() <= end, "30 s before, or later by as long as the machine stood still");
        assertTrue(Files.readString(run.log()).contains("Stopped by the end of the Slurm job at "));
        assertTrue(run.meta().contains("step-"));
    }

    @Test
    void onlyASecondInterruptAfterASecondAborts() throws Exception {
        // One step of this model takes longer than all the waits together.
        try (TrainingProcess trainer =
                start("--batch-size", "256", "--layers", "24", "--hidden-size", "512", "--learning-rate", "0.001")) {
            assertTrue(trainer.await(() -> contains(folder.resolve("run/training_status.json"), "training")));
            TrainingProcess.pause(500);
            send(trainer, "INT");
            assertTrue(trainer.await(() -> trainer.output().contains("Press Ctrl-C again")), trainer::output);
            send(trainer, "INT", "TERM");
            TrainingProcess.pause(1100);
            assertTrue(trainer.isAlive(), trainer::output);
            send(trainer, "INT");
            assertEquals(130, trainer.waitFor(), trainer::output);
            assertFalse(folderHolds("current.*"));
        }
    }

    @Test
    void inAnEvaluationTheWholeEpochIsSavedAndNotCalledFinished() throws Exception {
        try (TrainingProcess trainer =
                start("--steps-per-epoch", "5", "--validation", longText().toString())) {
            Path status = folder.resolve("run/training_status.json");
            assertTrue(trainer.await(() -> contains(status, "\"state\":\"evaluating\"")), trainer::output);
            send(trainer, "TERM");
            assertEquals(143, trainer.waitFor(), trainer::output);
            Meta meta = new MetaStore(folder.resolve("run")).read();
            assertEquals(5, meta.step());
            assertEquals(-1, meta.lastEpoch());
        }
    }

    @Test
    void whileTheTextIsTurnedIntoTokensItEndsAtOnce() throws Exception {
        try (TrainingProcess trainer = start("--data", longText().toString())) {
            assertTrue(trainer.await(() -> folderHolds("tokens\\.tmp")), trainer::output);
            send(trainer, "TERM");
            assertEquals(143, trainer.waitFor(), trainer::output);
            assertTrue(folderHolds("learnt-tokenizer\\.json"));
            assertFalse(folderHolds("(tokens-|step|current|loss).*"));
        }
    }

    /** So long that reading it takes a while. */
    private Path longText() throws IOException {
        return Files.writeString(
                folder.resolve("long.txt"), "The quick brown fox sees the lazy dog.\n".repeat(400_000));
    }

    private static boolean contains(Path file, String text) {
        try {
            return Files.readString(file).contains(text);
        } catch (IOException absent) {
            return false;
        }
    }

    private boolean folderHolds(String name) {
        String[] names = folder.resolve("run").toFile().list();
        return names != null && Stream.of(names).anyMatch(each -> each.matches(name));
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
