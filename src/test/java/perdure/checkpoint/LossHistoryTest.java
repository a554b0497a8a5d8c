package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossHistoryTest {

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve(LossHistory.FILE);
    }

    private static LossCurve.Step step(long step) {
        return new LossCurve.Step(step, (int) ((step - 1) / 10), 5.0 / step, 1e-3, 0.25, step * 96);
    }

    /** Writes as a trainer does: one line per step, and one at the end of each epoch of ten steps. */
    private void train(long from, long to) {
        try (LossHistory history = LossHistory.open(folder, Runs.position(from))) {
            for (long step = from + 1; step <= to; step++) {
                history.append(step(step));
                if (step % 10 == 0) {
                    history.append(new LossCurve.Epoch(step, (int) (step / 10 - 1), 1.5, 1.25, null));
                }
            }
        }
    }

    @Test
    void oneLinePerStepAndOnePerEpoch() throws Exception {
        train(8, 10);
        assertEquals("""
                {"format":1}
                {"step":9,"epoch":0,"loss":0.5555555555555556,"learning_rate":0.001,"gradient_norm":0.25,"tokens":864}
                {"step":10,"epoch":0,"loss":0.5,"learning_rate":0.001,"gradient_norm":0.25,"tokens":960}
                {"step":10,"epoch":0,"epoch_loss":1.5,"validation_loss":1.25,"bits_per_byte":null}
                """, Files.readString(file()));
    }

    @Test
    void isTheSameFileHoweverOftenTheRunWasCutOff() throws Exception {
        train(0, 95);
        byte[] unbroken = Files.readAllBytes(file());
        Files.delete(file());

        Random random = new Random(1);
        long saved = 0;
        while (saved < 95) {
            long reached = Math.min(95, saved + random.nextInt(20));
            train(saved, reached);
            Files.writeString(file(), "{\"step\":" + (reached + 1) + ",\"epo", StandardOpenOption.APPEND);
            saved += random.nextInt((int) (reached - saved) + 1);
        }
        train(95, 95);
        assertEquals(new String(unbroken), Files.readString(file()));
    }

    @Test
    void anEpochThatHadNotFinishedIsCutThoughItsLastStepStays() throws Exception {
        train(0, 10);
        TrainerState.Position beforeTheEnd = new TrainerState.Position(0, 10, 10, 960, null);
        LossHistory.open(folder, beforeTheEnd).close();

        LossCurve curve = LossCurve.read(folder, 100);
        assertEquals(10, curve.steps().size());
        assertEquals(List.of(), curve.epochs());
    }

    @Test
    void aDamagedLineTakesOnlyItselfAway() throws Exception {
        train(0, 5);
        Files.writeString(file(), Files.readString(file()).replace("\"step\":3,", "\"stop\":3,"));
        train(5, 6);

        List<Long> steps = LossCurve.read(folder, 100).steps().stream()
                .map(LossCurve.Step::step)
                .toList();
        assertEquals(List.of(1L, 2L, 4L, 5L, 6L), steps);
    }

    @Test
    void aKeyOfALaterVersionInEveryLineCutsNothing() throws Exception {
        train(0, 95);
        Files.writeString(file(), Files.readString(file()).replace("}", ",\"later\":{\"a\":[1]}}"));
        String before = Files.readString(file());
        train(95, 95);
        assertEquals(before, Files.readString(file()));
        assertEquals(95, LossCurve.read(folder, 100).steps().size());

        train(94, 94);
        assertEquals(before.substring(0, before.indexOf("{\"step\":95")), Files.readString(file()));
    }

    /** Java closes the file of a thread that is interrupted. */
    @Test
    void goesOnAfterAnInterruptWhileItIsWritten() throws Exception {
        train(0, 20);
        byte[] unbroken = Files.readAllBytes(file());
        Files.delete(file());
        try (LossHistory history = LossHistory.open(folder, Runs.position(0))) {
            for (long step = 1; step <= 20; step++) {
                if (step == 7) {
                    Thread.currentThread().interrupt();
                }
                history.append(step(step));
                if (step == 8) {
                    assertTrue(Thread.interrupted());
                }
                if (step % 10 == 0) {
                    history.append(new LossCurve.Epoch(step, (int) (step / 10 - 1), 1.5, 1.25, null));
                }
            }
            history.force();
        }
        assertEquals(new String(unbroken), Files.readString(file()));
    }

    /** Among the lines are another kind of line, one that no version wrote, and one that is far too long. */
    @Test
    void aLineIsCutForItsStepAndNeverForItsShape() throws Exception {
        String kept = "{\"step\":\"one\"}\nnot JSON\n{\"step\":2,\"evaluation\":{}}\n\n" + "x".repeat(100_000) + "\n";
        Files.writeString(file(), kept + "{\"step\":3,\"evaluation\":{}}\nnot JSON\n");
        train(2, 2);
        assertEquals(kept, Files.readString(file()));
    }

    @Test
    void aDamagedStepThatLooksLateDoesNotTakeTheLaterLinesAway() throws Exception {
        train(0, 5);
        Files.writeString(file(), Files.readString(file()).replace("\"step\":3,", "\"step\":93,"));
        String before = Files.readString(file());
        train(5, 5);
        assertEquals(before, Files.readString(file()));
    }

    @Test
    void aHistoryOfVersionOneGetsNoFormatLine() throws Exception {
        train(0, 5);
        Files.writeString(file(), Files.readString(file()).replace("{\"format\":1}\n", ""));
        train(4, 6);
        assertTrue(Files.readString(file()).startsWith("{\"step\":1,"));
        assertEquals(6, LossCurve.read(folder, 100).steps().size());
    }

    @Test
    void aDamagedFormatLineTakesOnlyItselfAway() throws Exception {
        train(0, 5);
        Files.writeString(file(), Files.readString(file()).replace("{\"format\":1}", "{\"format\":\"}"));
        train(5, 6);
        assertEquals(6, LossCurve.read(folder, 100).steps().size());
    }

    @Test
    void refusesAStepTwice() {
        try (LossHistory history = LossHistory.open(folder, Runs.position(3))) {
            assertThrows(IllegalStateException.class, () -> history.append(step(3)));
            history.append(step(4));
            assertThrows(IllegalStateException.class, () -> history.append(step(4)));
        }
    }

    @Test
    void aFailedForceIsAnsweredByAnotherFile() throws Exception {
        boolean[] fails = {true};
        DurableFiles files = new DurableFiles(point -> {
            if (fails[0] && (point == FaultPoint.FORCE_HISTORY || point == FaultPoint.MOVE_HISTORY)) {
                throw new IOException("fault at " + point);
            }
        });
        try (LossHistory history = LossHistory.open(folder, Runs.position(0), files)) {
            history.append(step(1));
            Object before = Files.getAttribute(file(), "unix:ino");
            assertThrows(IOException.class, history::force);
            history.append(step(2));
            fails[0] = false;
            history.force();
            history.append(step(3));
            history.force();

            assertTrue(!before.equals(Files.getAttribute(file(), "unix:ino")));
        }
        assertEquals(3, LossCurve.read(folder, 100).steps().size());
    }

    @Test
    void aLongCurveIsThinnedOutBetweenItsEnds() {
        train(0, 1000);
        for (int limit : new int[] {2, 3, 10, 99, 100, 1000, 5000}) {
            List<LossCurve.Step> steps = LossCurve.read(folder, limit).steps();
            assertTrue(steps.size() <= limit && steps.size() >= Math.min(1000, limit) / 2, limit + ": " + steps.size());
            assertEquals(1, steps.get(0).step());
            assertEquals(1000, steps.get(steps.size() - 1).step());
        }
    }

    @Test
    void withoutAFileThereIsNoCurve() {
        assertEquals(new LossCurve(List.of(), List.of(), List.of(), List.of()), LossCurve.read(folder, 10));
    }
}
