package perdure.data;

/**
 * An order of {@code [0, size)} that is a function of a seed and an epoch: each place is computed for itself, with no
 * table and no state.
 *
 * <p>A balanced Feistel network (Luby and Rackoff 1988) permutes the least even number of bits that holds the size;
 * results outside are fed back in until they fall inside (cycle walking, Black and Rogaway 2002), fewer than four times
 * on average. The order is part of the run folder's contract: it may never change.
 */
final class Permutation {

    private static final int ROUNDS = 6;
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private final long size;
    private final int halfBits;
    private final long mask;
    private final long[] keys = new long[ROUNDS];

    Permutation(long size, long seed, int epoch) {
        if (size < 1 || size > 1L << 60) {
            throw new IllegalArgumentException("Cannot permute " + size + " places.");
        }
        this.size = size;
        this.halfBits = Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(size - 1) + 1) / 2);
        this.mask = (1L << halfBits) - 1;
        for (int round = 0; round < ROUNDS; round++) {
            keys[round] = draw(seed, epoch, 1 + round);
        }
    }

    /** What stands at the given place. */
    long at(long index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException(index + " of " + size);
        }
        long value = index;
        do {
            value = permuteBits(value);
        } while (value >= size);
        return value;
    }

    private long permuteBits(long value) {
        long left = value >>> halfBits;
        long right = value & mask;
        for (long key : keys) {
            long next = left ^ mix(right + key) & mask;
            left = right;
            right = next;
        }
        return left << halfBits | right;
    }

    /** A random number by its place: SplitMix64 from a state of the seed's and epoch's own. */
    static long draw(long seed, int epoch, int number) {
        return mix(mix(seed + GOLDEN_GAMMA) + epoch + number * GOLDEN_GAMMA);
    }

    /** The finalizer of SplitMix64 (Steele, Lea and Flood 2014, with Stafford's constants), itself a bijection. */
    private static long mix(long value) {
        long mixed = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31;
    }
}
