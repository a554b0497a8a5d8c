package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SaveIntervalTest {
    @ParameterizedTest
    @CsvSource({
        "60s, PT60S",
        "5m, PT5M",
        "2h, PT2H",
        "250ms, PT0.25S",
        "1d, PT24H",
        "1.5m, PT90S",
        "1.5h, PT90M",
        "2h30m, PT150M",
        "1h 30m, PT90M",
        "1H30M, PT90M",
        "1m500ms, PT60.5S",
        "060s, PT60S"
    })
    void readsDurations(String text, Duration time) {
        assertEquals(new SaveInterval(time, 0), SaveInterval.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"60s", "50", "250ms", "1.5h", "2d"})
    void writesWhatItReads(String text) {
        SaveInterval interval = SaveInterval.parse(text);
        assertEquals(interval, SaveInterval.parse(interval.toString()));
    }

    @Test
    void readsSteps() {
        assertEquals(new SaveInterval(Duration.ZERO, 50), SaveInterval.parse("50"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "0s",
                "-1",
                "s",
                "10 s",
                "1.s",
                ".s",
                "1..5m",
                "5m2h",
                "1.5",
                "366d",
                "99999999999",
                "8761h",
                "999999999h"
            })
    void refusesAnythingElse(String text) {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> SaveInterval.parse(text))
                .getMessage()
                .startsWith("save interval " + text + " "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0s", "10", "soon", "", "366d"})
    void whatIsNoTimeIsNotCalledAnIntervalBetweenSaves(String text) {
        String line = text + " is not a duration of at most 365 days, such as 90s, 55m, 1.5h or 2h30m.";
        assertEquals(
                line,
                assertThrows(IllegalArgumentException.class, () -> SaveInterval.parseTime(text))
                        .getMessage());
        assertEquals(Duration.ofMillis(2500), SaveInterval.parseTime("2500ms"));
    }

    @Test
    void isDueByTimeOrBySteps() {
        SaveInterval byTime = SaveInterval.parse("1s");
        assertFalse(byTime.isDue(999_999_999L, 1_000_000));
        assertTrue(byTime.isDue(1_000_000_000L, 0));
        SaveInterval bySteps = SaveInterval.parse("50");
        assertFalse(bySteps.isDue(Long.MAX_VALUE, 49));
        assertTrue(bySteps.isDue(0, 50));
    }
}
