package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimeLimitTest {
    private static final Instant START = Instant.parse("2026-01-01T10:00:00Z");

    private static String slurm(long seconds) {
        return "" + (START.getEpochSecond() + seconds);
    }

    @Test
    void theEarlierOfTheTwoCounts() {
        assertEquals(START.plusSeconds(3300), TimeLimit.of("55m", null, START).end());
        assertEquals(
                START.plusSeconds(3300), TimeLimit.of("55m", slurm(7200), START).end());
        assertEquals(
                START.plusSeconds(570), TimeLimit.of("55m", slurm(600), START).end());
        assertEquals(TimeLimit.NONE, TimeLimit.of(null, null, START));
        assertEquals("the time limit of another rank", TimeLimit.NONE.reason()); // which alone can have stopped it
    }

    @Test
    void saysWhatSetIt() {
        assertEquals(
                "Saves and stops by 2026-01-01T10:55:00Z (--max-time 55m).",
                TimeLimit.of("55m", null, START).message());
        assertEquals(
                "the end of the Slurm job at 2026-01-01T10:10:00Z",
                TimeLimit.of(null, slurm(600), START).reason());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "soon", "0", "-1", "99999999999999999999", "9223372036854775807"})
    void whatIsNoTimeOfAJobIsIgnored(String seconds) {
        assertEquals(TimeLimit.NONE, TimeLimit.of(null, seconds, START));
        assertEquals(TimeLimit.NONE, TimeLimit.of(null, slurm(-60), START));
    }

    @ParameterizedTest
    @ValueSource(strings = {"55", "0", "0s", "-5m", "soon", ""})
    void whatIsNoDurationIsRefused(String maximum) {
        assertThrows(IllegalArgumentException.class, () -> TimeLimit.of(maximum, null, START));
    }
}
