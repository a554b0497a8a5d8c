package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import perdure.checkpoint.MetaStore;

/** {@code --epochs} is the total to reach, whatever was done before. */
class ResumeLogicTest extends TinyRunTest {
    @Test
    void trainsOnlyTheEpochsThatRemain() throws IOException {
        writeMeta("{\"last_epoch\":3,\"best_loss\":9.5}");
        TinyRun.Result result = TinyRun.run(tiny.train("--epochs", "10"));
        assertEquals(0, result.exitCode(), result.err());
        assertEquals(9, lastEpoch());
        assertEquals(
                6,
                result.out().lines().filter(line -> line.startsWith("Epoch ")).count());
        assertTrue(result.out().contains("Epoch 5/10") && result.out().contains("Epoch 10/10"), result.out());
        assertTrue(result.out().contains("weights start fresh"), result.out());
    }

    @Test
    void doesNothingWhenAllEpochsAreDone() throws IOException {
        TinyRun.run(tiny.train("--epochs", "2"));
        Map<String, FileTime> before = files();
        TinyRun.Result result = TinyRun.run(tiny.train("--epochs", "2"));
        assertEquals(0, result.exitCode());
        assertEquals(
                "Requested epochs already completed (last=1). Skipping training.",
                result.out().strip());
        assertEquals(before, files());
        assertEquals(
                "Requested epochs already completed (last=1). Skipping training.",
                TinyRun.run(tiny.train("--epochs", "1")).out().strip());
    }

    @Test
    void aFinishedRunWhoseMetaFileWasLostIsDoneAllTheSame() throws IOException {
        TinyRun.run(tiny.train("--epochs", "2"));
        Files.delete(tiny.checkpoints.resolve("current.meta.json"));
        for (String epochs : List.of("2", "1")) {
            TinyRun.Result result = TinyRun.run(tiny.train("--epochs", epochs));
            assertEquals(0, result.exitCode(), result.err());
            assertTrue(
                    result.out().contains("Requested epochs already completed (last=1). Skipping training."),
                    result.out());
        }
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "3")).exitCode());
        assertEquals(2, lastEpoch());
    }

    @Test
    void otherDataOfTheSameEpochsAreNoExtension() throws IOException {
        TinyRun.run(tiny.train("--epochs", "3", "--max-steps", "5"));
        TinyRun.Result result = TinyRun.run(tiny.train("--epochs", "3", "--steps-per-epoch", "4", "--accept-changes"));
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("3 epochs are 13 steps now and were 15: the learning rate"), result.out());
        assertEquals(13, new MetaStore(tiny.checkpoints).read().step());
    }

    @Test
    void extendsAFinishedRunAndSaysWhatTheLearningRateDoes() throws IOException {
        TinyRun.run(tiny.train("--epochs", "2"));
        TinyRun.Result result = TinyRun.run(tiny.train("--epochs", "5"));
        assertEquals(0, result.exitCode(), result.err());
        assertEquals(4, lastEpoch());
        assertEquals(
                3,
                result.out().lines().filter(line -> line.startsWith("Epoch ")).count());
        assertTrue(
                result.out().contains("Extending the run from 2 to 5 epochs: the learning rate of step 11"),
                result.out());
    }

    @Test
    void bestLossIsTheLeastOfTheWholeLife() throws IOException {
        writeMeta("{\"last_epoch\":0,\"best_loss\":0.25}");
        TinyRun.run(tiny.train("--epochs", "2"));
        assertEquals(0.25, new MetaStore(tiny.checkpoints).read().bestLoss());
    }

    @Test
    void stopsAtMaximumStepsAndGoesOnFromThere() throws IOException {
        TinyRun.Result first = TinyRun.run(tiny.train("--epochs", "2", "--max-steps", "7"));
        assertEquals(0, first.exitCode(), first.err());
        assertEquals(0, lastEpoch());
        assertEquals(7, new MetaStore(tiny.checkpoints).read().step());
        TinyRun.Result second = TinyRun.run(tiny.train("--epochs", "2"));
        assertTrue(second.out().contains("Resuming at epoch 2/2, after step 7."), second.out());
        assertEquals(1, lastEpoch());
        assertEquals(10, new MetaStore(tiny.checkpoints).read().step());
    }

    @Test
    void theRunFolderAloneResumesWithWhatTheRunRemembers() {
        TinyRun.run(tiny.train("--epochs", "2", "--max-steps", "7", "--learning-rate", "0.01", "--seed", "5"));
        List<String> alone = List.of("train", "--no-server", "--checkpoints", tiny.checkpoints.toString());
        TinyRun.Result result = TinyRun.run(alone);
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("Resuming at epoch 2/2, after step 7."), result.out());
        assertFalse(result.out().contains(" was "), result.out());
        assertEquals(10, new MetaStore(tiny.checkpoints).read().step());
        assertTrue(TinyRun.run(alone).out().contains("already completed (last=1)"));
    }

    @Test
    void aFlagThatIsGivenAgainWins() {
        TinyRun.run(tiny.train("--epochs", "2", "--max-steps", "7"));
        TinyRun.Result result = TinyRun.run(List.of(
                "train",
                "--no-server",
                "--checkpoints",
                tiny.checkpoints.toString(),
                "--epochs",
                "3",
                "--learning-rate",
                "0.001"));
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("learning rate was 0.04 and is 0.001 now."), result.out());
        assertTrue(result.out().contains("min learning rate was 0.004 and is 1.0E-4 now."), result.out());
        assertEquals(2, lastEpoch());
    }

    @Test
    void allDifferencesAreListedWithTheCommandThatGoesOn() {
        TinyRun.run(tiny.train("--epochs", "2", "--max-steps", "7"));
        TinyRun.Result result = TinyRun.run(tiny.train(
                "--epochs",
                "2",
                "--epochs",
                "3",
                "--layers",
                "2",
                "--seed",
                "4",
                "--batch-size",
                "8",
                "--context",
                "8"));
        assertEquals(2, result.exitCode());
        for (String change : List.of(
                "--batch-size was 4 and is 8 now",
                "--context was 16 and is 8 now (the weights would not fit)",
                "--layers was 1 and is 2 now",
                "--seed was 1337 and is 4 now")) {
            assertTrue(result.err().contains(change), result.err());
        }
        String command =
                result.err().substring(result.err().indexOf("perdure train ")).strip();
        assertFalse(command.contains("--layers") || command.contains("--seed"), command);
        assertEquals(1, command.split("--epochs", -1).length - 1, command);
        List<String> words = List.of(command.split(" "));
        TinyRun.Result repaired = TinyRun.run(words.subList(1, words.size()));
        assertEquals(0, repaired.exitCode(), repaired.err());
        assertEquals(2, lastEpoch());
    }

    @Test
    void theLearningRateIsComparedWithThePlanAsItWas() {
        TinyRun.run(tiny.train("--epochs", "2", "--max-steps", "7", "--warmup-steps", "0", "--schedule", "constant"));
        List<String> alone = List.of("train", "--no-server", "--checkpoints", tiny.checkpoints.toString());
        String other = TinyRun.run(with(alone, "--learning-rate", "0.001", "--max-steps", "8"))
                .out();
        assertTrue(
                other.contains("With these settings: the learning rate of step 8 is 0.00100 instead of 0.0400, and that"
                        + " of the last step, 10, is 0.00100."),
                other);
        String extended = TinyRun.run(with(alone, "--epochs", "3")).out();
        assertTrue(
                extended.contains("Extending the run from 2 to 3 epochs: the learning rate of step 9 stays 0.00100"),
                extended);
    }

    @Test
    void aWarmUpThatIsLongerThanTheRunIsTold() {
        String out = TinyRun.run(tiny.train("--epochs", "2", "--warmup-steps", "1000"))
                .out();
        assertTrue(
                out.contains("The warm-up of 1,000 steps is as long as the run of 10 or longer: the learning rate rises"
                        + " to 0.000400 and never reaches its peak 0.0400."),
                out);
        assertFalse(TinyRun.run(tiny.train("--epochs", "3", "--warmup-steps", "3"))
                .out()
                .contains("warm-up of"));
    }

    @Test
    void dataOfTheSameContentMayHaveAnotherName() throws IOException {
        Path named = Files.copy(tiny.data, folder.resolve("another.txt"));
        TinyRun.run(tiny.train("--epochs", "2", "--max-steps", "7"));
        Files.delete(tiny.data);
        TinyRun.Result result = TinyRun.run(List.of(
                "train", "--no-server", "--checkpoints", tiny.checkpoints.toString(), "--data", named.toString()));
        assertEquals(0, result.exitCode(), result.err());
    }

    @Test
    void theBatchMayShrinkInTheMiddleOfAnEpochAndTheEpochStaysWhole() throws IOException {
        List<String> command = tiny.train("--epochs", "1", "--max-steps", "10");
        command.subList(command.indexOf("--steps-per-epoch"), command.indexOf("--steps-per-epoch") + 2)
                .clear();
        TinyRun.run(command);
        List<String> rest = List.of("train", "--no-server", "--checkpoints", tiny.checkpoints.toString());
        TinyRun.Result refused = TinyRun.run(with(rest, "--batch-size", "2"));
        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("--batch-size was 4 and is 2 now"), refused.err());
        assertTrue(refused.err().contains("--accept-changes"), refused.err());
        TinyRun.Result equal = TinyRun.run(with(rest, "--batch-size", "2", "--grad-accum", "2", "--max-steps", "20"));
        assertEquals(0, equal.exitCode(), equal.err());
        TinyRun.Result accepted = TinyRun.run(
                with(rest, "--batch-size", "2", "--grad-accum", "1", "--accept-changes", "--max-steps", "1000"));
        assertEquals(0, accepted.exitCode(), accepted.err());
        long rows = 1 + (9000 * 9 / 10) / 16;
        long steps = new MetaStore(tiny.checkpoints).read().step();
        assertTrue(Math.abs(20 + (rows - 20 * 4) / 2 - steps) <= 2, () -> steps + " steps of " + rows + " rows");
        String history = Files.readString(tiny.checkpoints.resolve("loss_history.jsonl"));
        assertTrue(accepted.out().contains(" steps and "), accepted.out());
        assertTrue(history.contains("\"epoch_loss\""), history);
    }

    private static List<String> with(List<String> command, String... flags) {
        return Stream.concat(command.stream(), Stream.of(flags)).toList();
    }

    @Test
    void onTheCpuNothingIsMigrated() {
        TinyRun.Result result = TinyRun.run(tiny.train("--epochs", "10"));
        assertFalse((result.out() + result.err()).contains("Migrating"));
    }

    private void writeMeta(String json) throws IOException {
        Files.createDirectories(tiny.checkpoints);
        Files.writeString(tiny.checkpoints.resolve("current.meta.json"), json);
    }

    private int lastEpoch() {
        return new MetaStore(tiny.checkpoints).read().lastEpoch();
    }

    private Map<String, FileTime> files() throws IOException {
        Map<String, FileTime> times = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.toList()) {
                times.put(path.toString(), Files.getLastModifiedTime(path));
            }
        }
        return times;
    }
}
