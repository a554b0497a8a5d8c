package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PermutationTest {

    @Property(tries = 300)
    void everyPlaceIsTakenOnce(
            @ForAll @IntRange(min = 1, max = 5000) int size, @ForAll long seed, @ForAll @IntRange int epoch) {
        BitSet taken = new BitSet(size);
        for (long value : order(size, seed, epoch)) {
            assertTrue(value >= 0 && value < size);
            taken.set((int) value);
        }
        assertEquals(size, taken.cardinality());
    }

    @Property(tries = 300)
    void anotherEpochOrSeedIsAnotherOrder(@ForAll long seed, @ForAll @IntRange(max = 1000) int epoch) {
        assertFalse(Arrays.equals(order(100, seed, epoch), order(100, seed, epoch + 1)));
        assertFalse(Arrays.equals(order(100, seed, epoch), order(100, seed + 1, epoch)));
    }

    @Property(tries = 300)
    void hugeSizesCostNoMore(@ForAll @LongRange(min = 1L << 40, max = 1L << 60) long size, @ForAll long seed) {
        Permutation permutation = new Permutation(size, seed, 3);

        long first = permutation.at(0);
        long last = permutation.at(size - 1);
        assertTrue(first >= 0 && first < size && last >= 0 && last < size && first != last);
    }

    /** Runs in progress depend on these values: with others, they would not resume exactly. */
    @Test
    void theOrderNeverChanges() {
        assertArrayEquals(new long[] {5, 3, 6, 0, 8, 9, 2, 7, 1, 4}, order(10, 42, 0));
        assertArrayEquals(new long[] {6, 0, 4, 9, 1, 2, 3, 7, 5, 8}, order(10, 42, 1));
        assertArrayEquals(new long[] {15, 4, 6, 1, 14, 9, 0, 3, 2, 11, 12, 5, 8, 10, 13, 7}, order(16, -1, 7));
        assertEquals(846972891, new Permutation(1_000_000_007, 1234, 5).at(999));
    }

    /** Each value is equally likely at an index: chi-squared over 4,000 epochs, 15 degrees of freedom. */
    @Test
    void ordersAreSpreadEvenly() {
        int[] counts = new int[16];
        for (int epoch = 0; epoch < 4000; epoch++) {
            counts[(int) new Permutation(16, 1, epoch).at(5)]++;
        }
        double chiSquared = Arrays.stream(counts)
                .mapToDouble(count -> (count - 250) * (count - 250) / 250.0)
                .sum();
        assertTrue(chiSquared < 37.7, "chi-squared " + chiSquared + " has a chance below 1 in 1,000");
    }

    @Test
    void whatLiesOutsideIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Permutation(0, 1, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> new Permutation(5, 1, 1).at(5));
    }

    private static long[] order(int size, long seed, int epoch) {
        Permutation permutation = new Permutation(size, seed, epoch);
        return LongStream.range(0, size).map(permutation::at).toArray();
    }
}
