package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.status.Figures;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.Quality;
import perdure.status.TrainingProgress.Saved;
import perdure.status.TrainingProgress.Speed;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingProgress.Steps;
import perdure.status.TrainingStatus;

class ProgressConsoleTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long now;

    private int columns = 80;

    private ProgressConsole console(boolean terminal, boolean color) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new ProgressConsole(out, terminal, () -> columns, color, () -> now);
    }

    private String shown() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    static TrainingStatus status(Double loss) {
        return status(loss, 10);
    }

    private static TrainingStatus status(Double loss, int epochs) {
        return new TrainingStatus(
                true,
                5,
                epochs,
                loss,
                new TrainingProgress(
                        State.TRAINING,
                        null,
                        new Steps(420, 1000, 20, 100, 42.0, 9000),
                        new Speed(loss == null ? null : 23_456.0, loss == null ? null : 62L, 30, 30, 0, null),
                        new Quality(1e-3, 1.0, null, null, null, null),
                        Saved.before(null, 0),
                        null,
                        null));
    }

    @Test
    void showsWhatIsDoneBeforeTheFirstStep() {
        ProgressConsole console = console(false, false);
        TrainingStatus starting = TrainingStatus.starting(1, 10);
        now += TimeUnit.SECONDS.toNanos(10);
        console.update(starting);
        assertEquals("", shown());
        console.update(starting.withMessage("Tokenizing: 5.0 %."));
        assertEquals("Tokenizing: 5.0 %." + System.lineSeparator(), shown());
    }

    @Test
    void writesPlainLinesNowAndThenWhereThereIsNoTerminal() {
        ProgressConsole console = console(false, false);
        console.update(status(1.2345));
        assertEquals("", shown());
        now += TimeUnit.SECONDS.toNanos(10);
        console.update(status(1.23456));
        console.update(status(1.2));
        assertEquals(
                " 42.0 % | epoch 5/10 | training loss 1.2346 | 23,456 tokens/s | ETA 1m 02s" + System.lineSeparator(),
                shown());
    }

    @Test
    void showsDashesBeforeTheFirstStep() {
        assertEquals(" 42.0 % | epoch 5/10 | training loss - | - tokens/s | ETA -", ProgressConsole.line(status(null)));
    }

    /** After a stop before the first epoch has ended there is no best loss. */
    @Test
    void tellsOfOneStepAndOfNoLoss() {
        Steps first = new Steps(1, 1000, 0, 100, 0.1, 1990);
        Speed speed = new Speed(null, null, 2, 2, 0, null);
        assertEquals(
                "0 of 10 epochs, 1 step and 1,990 tokens in 2s. Saved: step-0000000001.",
                ProgressConsole.summary(new TrainingStatus(
                        true,
                        0,
                        10,
                        null,
                        new TrainingProgress(
                                State.STOPPED,
                                null,
                                first,
                                speed,
                                new Quality(1e-3, 1.0, null, null, null, null),
                                Saved.before("step-0000000001", 1),
                                null,
                                null))));
    }

    @Test
    void redrawsOneBarOnATerminalAndClearsItForALine() {
        ProgressConsole console = console(true, false);
        now += TimeUnit.SECONDS.toNanos(1);
        console.update(status(1.0));
        console.say("a line");
        assertTrue(shown().startsWith("\r[####.......]  42.0 % | epoch 5/10"), shown());
        assertTrue(shown().endsWith("\ra line" + System.lineSeparator()), shown());
        assertFalse(shown().contains("\u001b"));
    }

    /** A line that wraps cannot be drawn over: the terminal would fill with bars. */
    @Test
    void theBarFitsATerminalOfEightyColumnsWhateverItSays() {
        ProgressConsole console = console(true, false);
        for (int epochs : new int[] {1, 1_000, Integer.MAX_VALUE}) {
            now += TimeUnit.SECONDS.toNanos(1);
            bytes.reset();
            console.update(status(12_345.678, epochs));
            String bar = shown().strip();
            assertTrue(bar.length() < 80, bar);
            assertTrue(bar.contains("42.0 % | epoch 5/" + epochs + " | loss"), bar);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 40, 60, 80, 120, 300})
    void theBarFitsATerminalOfAnyWidth(int width) {
        ProgressConsole console = console(true, false);
        columns = width;
        now += TimeUnit.SECONDS.toNanos(1);
        console.update(status(1.0));
        String bar = shown().strip();
        assertTrue(bar.length() < width && bar.length() >= Math.min(width - 2, 60), bar);
        assertTrue(bar.contains(width < 80 ? "42.0 %" : "]  42.0 % | epoch 5/10"), bar);
    }

    @Test
    void coloursTheBarIfItMay() {
        ProgressConsole console = console(true, true);
        now += TimeUnit.SECONDS.toNanos(1);
        console.update(status(1.0));
        assertTrue(shown().contains("\u001b[36m"), shown());
    }

    @ParameterizedTest
    @CsvSource({"0, 0s", "59, 59s", "65, 1m 05s", "3600, 1h 00m", "90061, 1d 01h"})
    void durationsAreSaidAsPeopleSayThem(long seconds, String text) {
        assertEquals(text, Figures.duration(seconds));
    }
}
