package perdure.train;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * A part of some weights, which one thread updates. How weights are cut depends on their sizes alone.
 *
 * @param pieces of about as many values in every share
 */
record Share(List<Piece> pieces) {

    /** Fewer values than these are updated sooner than handed out. */
    private static final long FEWEST_VALUES = 1 << 17;

    private static final long MOST_SHARES = 64;

    /** Rows {@code from … from + count - 1} of the weight with that index. */
    record Piece(int weight, long from, long count) {

        /** These rows of one of the weights, or of a tensor of its shape. */
        Tensor of(List<Tensor> weights) {
            Tensor whole = weights.get(weight);
            return count == whole.size(0) ? whole : whole.narrow(0, from, count);
        }
    }

    /** The rows of each piece, given tensors of the shapes of all weights; in the caller's scope. */
    List<Tensor> of(List<Tensor> weights) {
        return pieces.stream().map(piece -> piece.of(weights)).toList();
    }

    /** Each of some vectors is one. */
    static List<Share> each(List<Tensor> vectors) {
        return IntStream.range(0, vectors.size())
                .mapToObj(i -> new Share(List.of(new Piece(i, 0, vectors.get(i).size(0)))))
                .toList();
    }

    /** All weights, in their order. On a GPU they are one share, since every call costs time there. */
    static List<Share> all(List<Tensor> weights) {
        long values = weights.stream().mapToLong(Tensor::numel).sum();
        long each = weights.stream().allMatch(Tensor::is_cpu)
                ? Math.max(FEWEST_VALUES, values / MOST_SHARES)
                : Math.max(1, values);
        List<Share> shares = new ArrayList<>();
        List<Piece> pieces = new ArrayList<>();
        long filled = 0;
        for (int i = 0; i < weights.size(); i++) {
            long rows = weights.get(i).size(0);
            long columns = weights.get(i).numel() / rows;
            for (long from = 0; from < rows; ) {
                long count = Math.min(rows - from, Math.max(1, (each - filled) / columns));
                pieces.add(new Piece(i, from, count));
                from += count;
                filled += count * columns;
                if (filled + columns > each) {
                    shares.add(new Share(List.copyOf(pieces)));
                    pieces.clear();
                    filled = 0;
                }
            }
        }
        if (!pieces.isEmpty()) {
            shares.add(new Share(List.copyOf(pieces)));
        }
        return List.copyOf(shares);
    }
}
