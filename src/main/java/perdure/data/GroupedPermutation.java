package perdure.data;

/**
 * A pseudo-random permutation of {@code [0, size)} in two levels, for places that cost time to go to. Values that follow
 * each other are a shard. The shards are permuted, some that follow each other in that order are a group, and all values
 * of a group are permuted. So a reader is in one group of shards at a time. It depends only on the sizes, a seed and an
 * epoch, and each value is computed on its own.
 *
 * <p>The last shard may be smaller than the others. It is at a place of its own among them, and the others keep their
 * arithmetic: the values before an index are whole shards, and the smaller one if its group came before.
 */
final class GroupedPermutation {

    /** The number of {@link Permutation#draw} that places the last shard, after those of {@link Windows} and the keys. */
    private static final int PLACE_OF_LAST = 7;

    private final long size;
    private final long shardSize;
    private final long group;
    private final long seed;
    private final int epoch;
    private final long shards;
    private final long placeOfLast; // in the order of shards
    private final Permutation others; // of all shards but the last; null if there is no other

    /**
     * @param shardSize values of a shard
     * @param group shards of a group
     */
    GroupedPermutation(long size, long shardSize, long group, long seed, int epoch) {
        if (size < 1 || shardSize < 1 || group < 1) {
            throw new IllegalArgumentException(
                    "permutation size " + size + " in shards of " + shardSize + " and groups of " + group + ".");
        }
        this.size = size;
        this.shardSize = shardSize;
        this.seed = seed;
        this.epoch = epoch;
        shards = (size - 1) / shardSize + 1;
        this.group = Math.min(group, shards);
        placeOfLast = Long.remainderUnsigned(Permutation.draw(seed, epoch, PLACE_OF_LAST), shards);
        others = shards == 1 ? null : new Permutation(shards - 1, seed, epoch);
    }

    /** The value at an index. */
    long at(long index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException("There is no index " + index + " in a permutation of " + size + ".");
        }
        long shifted = (index + missing()) / (group * shardSize); // the group's number, if the last shard came before
        long number = shifted > placeOfLast / group ? shifted : index / (group * shardSize);
        long first = number * group; // place of the group's first shard
        long end = Math.min(first + group, shards);
        boolean hasLast = placeOfLast >= first && placeOfLast < end;
        long start = first * shardSize - (first > placeOfLast ? missing() : 0);
        long values = (end - first) * shardSize - (hasLast ? missing() : 0);
        long value = new Permutation(values, Permutation.mix(seed + 1 + number), epoch).at(index - start);
        long place = first + value / shardSize;
        if (hasLast) { // It is at the end of its group, so that only whole shards are before it.
            place = place == end - 1 ? placeOfLast : place >= placeOfLast ? place + 1 : place;
        }
        return shard(place) * shardSize + value % shardSize;
    }

    /** By how much the last shard is smaller than the others. */
    private long missing() {
        return shards * shardSize - size;
    }

    private long shard(long place) {
        return place == placeOfLast ? shards - 1 : others.at(place < placeOfLast ? place : place - 1);
    }
}
