package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class GroupedPermutationTest {

    private static long[] order(long size, long shard, long group, long seed, int epoch) {
        GroupedPermutation permutation = new GroupedPermutation(size, shard, group, seed, epoch);
        return LongStream.range(0, size).map(permutation::at).toArray();
    }

    @Property(tries = 500)
    void everyPlaceIsTakenOnce(
            @ForAll @IntRange(min = 1, max = 3000) int size,
            @ForAll @IntRange(min = 1, max = 400) int shard,
            @ForAll @IntRange(min = 1, max = 20) int group,
            @ForAll long seed,
            @ForAll @IntRange int epoch) {
        BitSet taken = new BitSet(size);
        for (long value : order(size, shard, group, seed, epoch)) {
            assertTrue(value >= 0 && value < size);
            taken.set((int) value);
        }
        assertEquals(size, taken.cardinality());
    }

    /** A shard that was left is not needed again, and no more than a group's are needed at a time. */
    @Property(tries = 300)
    void aReaderIsInOneGroupOfShardsAtATime(
            @ForAll @IntRange(min = 1, max = 3000) int size,
            @ForAll @IntRange(min = 1, max = 400) int shard,
            @ForAll @IntRange(min = 1, max = 20) int group,
            @ForAll long seed) {
        long[] order = order(size, shard, group, seed, 0);
        Map<Long, Integer> first = new HashMap<>();
        Map<Long, Integer> last = new HashMap<>();
        for (int i = 0; i < size; i++) {
            first.putIfAbsent(order[i] / shard, i);
            last.put(order[i] / shard, i);
        }
        for (int i = 0; i < size; i++) {
            int now = i;
            assertTrue(first.keySet().stream()
                            .filter(each -> first.get(each) <= now && last.get(each) >= now)
                            .count()
                    <= group);
        }
    }

    @Property(tries = 200)
    void shardsAndWhatIsInThemAreMixed(@ForAll long seed, @ForAll @IntRange(max = 1000) int epoch) {
        long[] order = order(1000, 10, 5, seed, epoch);
        Set<Long> together = new LinkedHashSet<>();
        Arrays.stream(order).limit(50).forEach(value -> together.add(value / 10));
        assertEquals(5, together.size());
        assertFalse(Arrays.equals(order, order(1000, 10, 5, seed, epoch + 1)));
        assertFalse(Arrays.equals(order, order(1000, 10, 5, seed + 1, epoch)));
        assertFalse(Arrays.equals(order, LongStream.range(0, 1000).toArray()));
    }

    @Property(tries = 300)
    void hugeSizesCostNoMore(@ForAll @LongRange(min = 1L << 40, max = 1L << 50) long size, @ForAll long seed) {
        GroupedPermutation permutation = new GroupedPermutation(size, 1 << 17, 64, seed, 3);
        long first = permutation.at(0);
        long last = permutation.at(size - 1);
        assertTrue(first >= 0 && first < size && last >= 0 && last < size && first != last);
    }

    /** Runs in progress depend on these values: with others, they would not resume exactly. */
    @Test
    void theOrderNeverChanges() {
        assertArrayEquals(new long[] {4, 9, 3, 5, 1, 8, 6, 7, 2, 0}, order(10, 3, 2, 42, 0));
        assertArrayEquals(new long[] {3, 2, 4, 1, 0, 5, 7, 6, 8, 9}, order(10, 3, 2, 42, 1));
        assertEquals(811273252, new GroupedPermutation(1_000_000_007, 1 << 17, 64, 1234, 5).at(999));
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new GroupedPermutation(0, 1, 1, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new GroupedPermutation(1, 0, 1, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new GroupedPermutation(1, 1, 0, 1, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> new GroupedPermutation(3, 2, 1, 1, 0).at(3));
    }
}
