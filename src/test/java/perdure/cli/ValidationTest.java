package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import perdure.bench.RunComparison;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.MetaStore;
import perdure.status.StatusJson;
import perdure.status.TrainingProgress;

/** Evaluations inside epochs, and the end of a run that no longer gets better. */
class ValidationTest extends TinyRunTest {
    private List<LossCurve.Validation> validations() {
        return LossCurve.read(tiny.checkpoints, 100).validations();
    }

    @Test
    void evaluatesInsideAnEpochAndKeepsTheBest() throws IOException {
        TinyRun.Result result =
                TinyRun.run(tiny.train("--epochs", "3", "--validate-every", "2", "--validation-steps", "3"));
        assertEquals(0, result.exitCode(), result.err());
        assertEquals(
                List.of(2L, 4L, 6L, 8L, 12L, 14L),
                validations().stream().map(LossCurve.Validation::step).toList());
        assertTrue(result.out().contains("Step 2: validation loss "), result.out());
        String best = new MetaStore(tiny.checkpoints).read().bestCheckpoint();
        assertTrue(Files.isDirectory(tiny.checkpoints.resolve(best)), best);
    }

    /** Whether evaluations are made does not change what is learnt, nor does a stop between them. */
    @Test
    void aRunThatIsStoppedBetweenEvaluationsEndsAsOneThatIsNot() throws IOException {
        TinyRun other = new TinyRun(Files.createDirectory(folder.resolve("other")));
        TinyRun.run(tiny.train("--epochs", "2", "--validate-every", "3", "--dropout", "0.1"));
        for (String limit : List.of("2", "3", "5", "8", "100")) {
            TinyRun.Result part = TinyRun.run(
                    other.train("--epochs", "2", "--validate-every", "3", "--dropout", "0.1", "--max-steps", limit));
            assertEquals(0, part.exitCode(), part.err());
        }
        assertTrue(RunComparison.of(tiny.checkpoints, other.checkpoints).isEqual());
        TinyRun without = new TinyRun(Files.createDirectory(folder.resolve("without")));
        TinyRun.run(without.train("--epochs", "2", "--dropout", "0.1"));
        for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
            assertEquals(
                    -1,
                    Files.mismatch(
                            tiny.checkpoints.resolve("step-0000000010").resolve(file),
                            without.checkpoints.resolve("step-0000000010").resolve(file)));
        }
    }

    /** Digits are ever less likely, the more the model learns of words. */
    @Test
    void tellsOnceThatTheValidationLossRisesAndAgainAfterAResume() throws IOException {
        Path digits = Files.writeString(folder.resolve("digits.txt"), "0123456789".repeat(20));
        List<String> command = tiny.train("--epochs", "20", "--warmup-steps", "0", "--learning-rate", "0.01");
        command.addAll(List.of("--validation", digits.toString()));
        String told = "Warning: the validation loss has risen in ";
        TinyRun.Result first = run(command, "--max-steps", "40");
        assertTrue(first.out().contains(told + "3 evaluations in a row"), first.out());
        assertEquals(1, count(first, told), first.out());
        TrainingProgress.Rising rising = rising();
        long best = LossCurve.read(tiny.checkpoints, 100).epochs().stream()
                .min(Comparator.comparingDouble(LossCurve.Epoch::validationLoss))
                .orElseThrow()
                .step();
        assertEquals(best, rising.bestStep());
        assertTrue(first.out().contains("of checkpoint step-" + best + ". "), first.out());

        TinyRun.Result resumed = run(command, "--max-steps", "50");
        assertEquals(1, count(resumed, told), resumed.out());
        assertTrue(resumed.out().contains(told + rising.evaluations() + " evaluations in a row"), resumed.out());
        assertEquals(rising.evaluations() + 2, rising().evaluations());

        TinyRun.Result never = run(command, "--max-steps", "60", "--warn-after", "0");
        assertEquals(0, count(never, told), never.out());
        assertNull(rising());
    }

    private static TinyRun.Result run(List<String> command, String... more) {
        List<String> whole = new ArrayList<>(command);
        whole.addAll(List.of(more));
        TinyRun.Result result = TinyRun.run(whole);
        assertEquals(0, result.exitCode(), result.err());
        return result;
    }

    private static long count(TinyRun.Result result, String text) {
        return result.out().lines().filter(line -> line.contains(text)).count();
    }

    private TrainingProgress.Rising rising() throws IOException {
        return StatusJson.read(Files.readAllBytes(tiny.checkpoints.resolve("training_status.json")))
                .progress()
                .quality()
                .rising();
    }

    @Test
    void patienceEndsTheRunAlsoAcrossAResume() throws IOException {
        // The more the model learns of the words, the less it expects digits.
        Path digits = Files.writeString(folder.resolve("digits.txt"), "0123456789".repeat(20));
        List<String> command = tiny.train("--epochs", "20", "--patience", "3", "--warmup-steps", "0");
        command.addAll(List.of("--validation", digits.toString()));
        long stopped = 0;
        for (String limit : List.of("7", "12", "17", "100")) {
            List<String> limited = new ArrayList<>(command);
            limited.addAll(List.of("--max-steps", limit));
            TinyRun.Result result = TinyRun.run(limited);
            assertEquals(0, result.exitCode(), result.err());
            if (result.out().contains("Stopped by --patience.")) {
                assertTrue(result.out().contains("has not fallen in 3 evaluations"), result.out());
                stopped = new MetaStore(tiny.checkpoints).read().step();
                break;
            }
        }
        assertTrue(stopped > 0 && stopped < 100, "stopped at step " + stopped);
        long again = stopped;
        assertTrue(TinyRun.run(command).out().contains("Stopped by --patience."));
        assertEquals(again, new MetaStore(tiny.checkpoints).read().step());
        List<String> patient = new ArrayList<>(command);
        patient.addAll(List.of("--patience", "0", "--max-steps", Long.toString(stopped + 1)));
        TinyRun.run(patient);
        assertEquals(stopped + 1, new MetaStore(tiny.checkpoints).read().step());
    }
}
