package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class WindowsTest {

    @Property
    void windowsFollowEachOtherFromTheFirstPredictionToTheLast(
            @ForAll @IntRange(min = 1, max = 500) int predictions,
            @ForAll @IntRange(min = 1, max = 60) int context,
            @ForAll long seed,
            @ForAll @IntRange int epoch) {
        for (Windows windows :
                new Windows[] {Windows.of(predictions, context, seed, epoch), Windows.sequential(predictions, context)
                }) {
            long next = 0;
            for (long window = 0; window < windows.count(); window++) {
                assertEquals(next, windows.start(window));
                assertTrue(windows.length(window) >= 1 && windows.length(window) <= context);
                next += windows.length(window);
            }
            assertEquals(predictions, next);
        }
    }

    @Property
    void everyEpochHasTheSameNumberOfWindows(
            @ForAll @IntRange(min = 1, max = 500) int predictions,
            @ForAll @IntRange(min = 1, max = 60) int context,
            @ForAll long seed) {
        long count = Windows.of(predictions, context, seed, 0).count();
        for (int epoch = 1; epoch < 20; epoch++) {
            assertEquals(count, Windows.of(predictions, context, seed, epoch).count());
        }
    }

    @Property(tries = 200)
    void bordersMoveBetweenEpochs(
            @ForAll @IntRange(min = 100, max = 10_000) int predictions,
            @ForAll @IntRange(min = 8, max = 60) int context) {
        long different = IntStream.range(0, 200)
                .mapToLong(epoch -> Windows.of(predictions, context, 1, epoch).border())
                .distinct()
                .count();
        assertTrue(different >= context / 2, different + " borders of " + context);
    }

    @Test
    void theBordersNeverChange() {
        assertEquals(27, Windows.of(1_000_000, 64, 42, 0).border());
        assertEquals(61, Windows.of(1_000_000, 64, 42, 1).border());
        assertEquals(190, Windows.of(1_000_000, 256, 0, 0).border());
    }
}
