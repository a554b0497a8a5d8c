package perdure.chat.constraint;

import java.util.List;

/**
 * A set of JSON values, and how they are written: compact, but for one optional space after a comma or colon. Not every
 * spelling of a value is offered; each one that is offered belongs to the set.
 */
abstract class Schema {
    /** Objects and arrays inside each other at most. */
    static final int MOST_DEPTH = 64;

    /** The size of a value that does not exist; sums of it do not overflow. */
    static final long NONE = Long.MAX_VALUE >> 16;

    private long least = NONE;
    private int depth = MOST_DEPTH + 1;

    /** The shortest value: its bytes, and how deep it is; 0 is a scalar. */
    record Shortest(long bytes, int depth) {
        static final Shortest ABSENT = new Shortest(NONE, MOST_DEPTH + 1);
    }

    /** The shortest value as the parts have theirs so far. */
    abstract Shortest shortest();

    /** Adds what the first byte of a value leads to: nothing if no value begins with it. */
    abstract void begin(int first, Stack below, List<Stack> out);

    /** Takes over {@link #shortest}. Returns whether that changed anything. */
    final boolean measure() {
        Shortest shortest = shortest();
        long bytes = Math.min(NONE, shortest.bytes);
        boolean changed = bytes != least || shortest.depth != depth;
        least = bytes;
        depth = shortest.depth;
        return changed;
    }

    /** Bytes of the shortest value, or {@link #NONE}. */
    final long least() {
        return least;
    }

    /** Objects and arrays inside each other in the shortest value. */
    final int depth() {
        return depth;
    }

    /** Whether a value can begin inside this many open objects and arrays. */
    final boolean fits(int open) {
        return least < NONE && open + depth <= MOST_DEPTH;
    }
}
