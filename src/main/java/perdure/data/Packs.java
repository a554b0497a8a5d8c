package perdure.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Documents packed into rows, by best fit decreasing: the longest first, each into the row that it fills best. A document
 * that is longer than a row is cut. Each counted prediction of a document is in one row; what follows the last one is
 * left out, since nothing depends on it.
 *
 * <p>The packing depends only on how many documents have which length, so the documents of one length can change places.
 * They do in every epoch, and so do the rows: the rows of an epoch are as many, and any is found in O(log n). It keeps
 * eight bytes for each document.
 */
final class Packs {

    private final int context;
    private final long[] starts; // of the pieces, the shortest first
    private final int[] firstOfLength; // where the pieces of a length begin in them
    private final List<Group> groups = new ArrayList<>();
    private final long[] firstRow; // of each group; at the end the number of rows

    /** So many pieces of one length in each row of a group; {@code first} is their rank among those of that length. */
    private record Part(int length, int times, int first) {}

    /** Rows that have pieces of the same lengths. */
    private static final class Group {
        private final int rows;
        private final int rest;
        private final List<Part> parts;

        private Group(int rows, int rest, List<Part> parts) {
            this.rows = rows;
            this.rest = rest;
            this.parts = parts;
        }

        /** So many of these rows, each with more pieces. */
        private Group with(int some, int length, int times) {
            List<Part> more = new ArrayList<>(parts);
            more.add(new Part(length, times, 0));
            return new Group(some, rest - times * length, more);
        }

        private Group without(int some) {
            return new Group(rows - some, rest, parts);
        }
    }

    Packs(TokenRange range, int context, Sequences.Loss loss) {
        this.context = context;
        int[] counts = new int[context + 2];
        pieces(range, context, loss, (start, length) -> counts[length + 1] = Math.incrementExact(counts[length + 1]));
        Arrays.parallelPrefix(counts, Math::addExact); // from here on the number of shorter pieces
        firstOfLength = counts;
        starts = new long[counts[context + 1]];
        int[] next = counts.clone();
        pieces(range, context, loss, (start, length) -> starts[next[length]++] = start);
        pack();
        firstRow = new long[groups.size() + 1];
        for (int i = 0; i < groups.size(); i++) {
            firstRow[i + 1] = firstRow[i] + groups.get(i).rows;
        }
    }

    private interface Receiver {
        void accept(long start, int length);
    }

    private static void pieces(TokenRange range, int context, Sequences.Loss loss, Receiver receiver) {
        range.documents((from, to) -> {
            for (long start = from; start < to - 1; start += context) {
                long end = lastCounted(range, start + 1, Math.min(start + context, to - 1) + 1, loss);
                if (end > start + 1) {
                    receiver.accept(start, (int) (end - start - 1));
                }
            }
        });
    }

    /** The index after the last of the tokens {@code [from, to)} that is counted; {@code from} if none is. */
    private static long lastCounted(TokenRange range, long from, long to, Sequences.Loss loss) {
        long all = range.counted(from, to, loss);
        if (all == to - from) {
            return to;
        }
        long low = from;
        long high = to;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (range.counted(from, middle, loss) < all) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void pack() {
        TreeMap<Integer, Deque<Group>> open = new TreeMap<>();
        open.put(context, new ArrayDeque<>(List.of(new Group(Integer.MAX_VALUE, context, List.of()))));
        for (int length = context; length > 0; length--) {
            int left = firstOfLength[length + 1] - firstOfLength[length];
            while (left > 0) {
                Map.Entry<Integer, Deque<Group>> best = open.ceilingEntry(length);
                Group group = best.getValue().poll();
                if (best.getValue().isEmpty()) {
                    open.remove(best.getKey());
                }
                int times = Math.min(left, group.rest / length);
                int rows = Math.min(group.rows, left / times);
                Group filled = group.with(rows, length, times);
                left -= rows * times;
                open.computeIfAbsent(filled.rest, rest -> new ArrayDeque<>()).add(filled);
                if (group.rows > rows) {
                    open.computeIfAbsent(group.rest, rest -> new ArrayDeque<>()).addFirst(group.without(rows));
                }
            }
        }
        int[] used = new int[context + 1];
        open.values().forEach(same -> same.stream()
                .filter(group -> !group.parts.isEmpty())
                .forEach(group -> {
                    List<Part> parts = new ArrayList<>();
                    for (Part part : group.parts) {
                        parts.add(new Part(part.length, part.times, used[part.length]));
                        used[part.length] += part.times * group.rows;
                    }
                    groups.add(new Group(group.rows, group.rest, parts));
                }));
    }

    /** The rows of an epoch: an order of documents and rows that depends only on seed and epoch. */
    Rows shuffled(long seed, int epoch) {
        return new Order(seed, epoch, true);
    }

    /** The same rows in every epoch. */
    Rows sequential() {
        return new Order(0, 0, false);
    }

    private final class Order implements Rows {
        private final long seed;
        private final int epoch;
        private final Permutation order;

        private Order(long seed, int epoch, boolean shuffled) {
            this.seed = seed;
            this.epoch = epoch;
            order = shuffled && count() > 0 ? new Permutation(count(), seed, epoch) : null;
        }

        @Override
        public long count() {
            return firstRow[groups.size()];
        }

        @Override
        public List<Piece> row(long place) {
            long row = order == null ? place : order.at(place);
            int found = Arrays.binarySearch(firstRow, row);
            int group = found >= 0 ? found : -found - 2;
            List<Piece> pieces = new ArrayList<>();
            for (Part part : groups.get(group).parts) {
                long rank = part.first + (row - firstRow[group]) * part.times;
                for (int i = 0; i < part.times; i++) {
                    pieces.add(new Piece(starts[index(part.length, rank + i)], part.length));
                }
            }
            return pieces;
        }

        private int index(int length, long rank) {
            int first = firstOfLength[length];
            if (order == null) {
                return first + (int) rank;
            }
            int size = firstOfLength[length + 1] - first;
            return first + (int) new Permutation(size, Permutation.mix(seed + length), epoch).at(rank);
        }
    }
}
