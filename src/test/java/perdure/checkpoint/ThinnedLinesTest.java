package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ThinnedLinesTest {

    private static final int LEVEL = 8;

    private static ThinnedLines lines(int count) {
        ThinnedLines lines = new ThinnedLines(LEVEL);
        for (int step = 1; step <= count; step++) {
            lines.add(HistoryLine.of("{\"step\":" + step + ",\"epoch\":0}"));
        }
        return lines;
    }

    @Property(tries = 500)
    void keepsTheOutlineOfEverythingAfterAStep(
            @ForAll @IntRange(min = 1, max = 2_000) int count,
            @ForAll @IntRange(min = 0, max = 2_100) int since,
            @ForAll @IntRange(min = 2, max = 20) int limit) {
        List<Long> steps =
                lines(count).after(since, limit).stream().map(HistoryLine::step).toList();
        int after = Math.max(0, count - since);
        assertTrue(steps.size() <= limit);
        assertTrue(steps.size() >= Math.min(after, Math.min(limit, LEVEL / 2) / 2), steps + " of " + after);
        assertTrue(steps.stream().allMatch(step -> step > since));
        assertEquals(steps.stream().sorted().distinct().toList(), steps);
        if (after > 0) {
            assertEquals(count, steps.get(steps.size() - 1), "the last is always there");
            long largestGap = 2L * after / Math.min(LEVEL / 2, limit) + 2;
            assertTrue(steps.get(0) - since <= largestGap, steps + " after " + since);
        }
    }

    @Property(tries = 100)
    void theNewestLinesAreThereInFull(@ForAll @IntRange(min = LEVEL, max = 2_000) int count) {
        assertEquals(LEVEL - 1, lines(count).after(count - LEVEL + 1, LEVEL).size());
    }

    @Test
    void memoryGrowsWithTheLogarithmOfTheHistory() {
        assertTrue(lines(100_000).kept() <= 15 * LEVEL, lines(100_000).kept() + " lines");
    }
}
