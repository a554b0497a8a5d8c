package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import perdure.train.LearningRateSchedule.Kind;

class LearningRateScheduleTest {
    private static LearningRateSchedule of(Kind kind) {
        return new LearningRateSchedule(kind, 1e-3, 1e-4, 100, false, 2000);
    }

    @Test
    void warmsUpLinearlyFromTheFirstStep() {
        assertEquals(1e-3 / 101, of(Kind.COSINE).at(0), 1e-12);
        assertEquals(1e-3 * 51 / 101, of(Kind.COSINE).at(50), 1e-12);
        assertEquals(1e-3, of(Kind.COSINE).at(100), 1e-12);
    }

    @Test
    void aShortWarmUpIsATenthOfTheRunAtMost() {
        LearningRateSchedule schedule = new LearningRateSchedule(Kind.CONSTANT, 1e-3, 1e-4, 100, true, 1);
        assertEquals(1e-3 / 2, schedule.over(5).at(0), 1e-12);
        assertEquals(6, schedule.over(60).warmup());
        assertEquals(1e-3 * 6 / 7, schedule.over(60).at(5), 1e-12);
        assertEquals(1e-3, schedule.over(60).at(6), 0);
        assertEquals(100, schedule.over(60).over(5000).warmup());
    }

    @Test
    void cosineIsHalfwayInTheMiddleAndAtTheFloorAtTheEnd() {
        assertEquals(5.5e-4, new LearningRateSchedule(Kind.COSINE, 1e-3, 1e-4, 100, false, 2101).at(1100), 1e-12);
        assertEquals(1e-4, of(Kind.COSINE).at(1999), 1e-12);
        assertEquals(1e-4, of(Kind.COSINE).at(5000), 1e-12);
    }

    @Test
    void warmupStableDecayHoldsThePeakForFourFifths() {
        assertEquals(1e-3, of(Kind.WSD).at(1600), 1e-12);
        assertTrue(of(Kind.WSD).at(1601) < 1e-3);
        assertEquals(1e-4, of(Kind.WSD).at(1999), 1e-12);
    }

    @Test
    void constantStaysAtThePeak() {
        assertEquals(1e-3, of(Kind.CONSTANT).at(1999), 0);
    }

    @Test
    void refusesRatesOutOfOrder() {
        assertTrue(assertThrows(
                        IllegalArgumentException.class,
                        () -> new LearningRateSchedule(Kind.COSINE, 1e-4, 1e-3, 0, false, 10))
                .getMessage()
                .contains("minimum learning rate 0.001"));
        assertThrows(IllegalArgumentException.class, () -> new LearningRateSchedule(Kind.COSINE, 0, 0, 0, false, 10));
        assertThrows(IllegalArgumentException.class, () -> new LearningRateSchedule(Kind.COSINE, 1, 0, -1, false, 10));
    }

    @Property
    void neverLeavesTheRange(
            @ForAll Kind kind,
            @ForAll @LongRange(max = 3000) long warmup,
            @ForAll boolean shortWarmup,
            @ForAll @LongRange(min = 1, max = 3000) long total,
            @ForAll @LongRange(max = 4000) long step) {
        double rate = new LearningRateSchedule(kind, 1e-3, 1e-4, warmup, shortWarmup, total).at(step);
        assertTrue(rate > 0 && rate <= 1e-3);
    }
}
