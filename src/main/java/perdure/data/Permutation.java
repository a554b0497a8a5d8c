package perdure.data;

/**
 * A pseudo-random permutation of {@code [0, size)} that depends only on a seed and an epoch. Each value is computed on
 * its own, without a table or state.
 *
 * <p>A balanced Feistel network (Luby and Rackoff 1988) permutes the least even number of bits that can hold every
 * value. A result that is too large is permuted again until it is below the size (cycle walking, Black and Rogaway
 * 2002), fewer than four times on average. Runs in progress depend on this order, so it must never change.
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
            throw new IllegalArgumentException("permutation size " + size + " is not from 1 to 2^60.");
        }
        this.size = size;
        this.halfBits = Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(size - 1) + 1) / 2);
        this.mask = (1L << halfBits) - 1;
        for (int round = 0; round < ROUNDS; round++) {
            keys[round] = draw(seed, epoch, 1 + round);
        }
    }

    /** The value at an index. */
    long at(long index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException("There is no index " + index + " in a permutation of " + size + ".");
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

    /** The {@code number}-th random number of a seed and epoch, by SplitMix64. */
    static long draw(long seed, int epoch, int number) {
        return mix(mix(seed + GOLDEN_GAMMA) + epoch + number * GOLDEN_GAMMA);
    }

    /** The finalizer of SplitMix64 (Steele, Lea and Flood 2014, with Stafford's constants), which is a bijection. */
    static long mix(long value) {
        long mixed = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31;
    }
}
