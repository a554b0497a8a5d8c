package perdure.train;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import perdure.train.FlatGradients.Bucket;

/**
 * What one rank has of the gradients when each has a part of them: an equal share of every bucket, in pieces. How a
 * bucket is cut into pieces does not depend on the number of ranks, so what is computed piece by piece has the same
 * bytes for any number.
 */
final class Shard implements AutoCloseable {

    /** Into which a bucket is cut; also the most ranks that can have some. */
    static final int PIECES = 64;

    /**
     * The part of a weight that lies in a piece.
     *
     * @param weight to which it belongs
     * @param values of the weight, as a vector
     * @param gradients of these values
     * @param from where its gradients begin in the shard
     */
    record Part(Tensor weight, Tensor values, Tensor gradients, long from) {}

    /** @param gradients of all parts, and zeros between them */
    record Piece(Tensor gradients, List<Part> parts) {}

    /**
     * This rank's slice of one bucket.
     *
     * @param from where it begins in the shard
     */
    record Slice(Bucket bucket, Tensor gradients, long from, List<Piece> pieces) {}

    private final List<Slice> slices = new ArrayList<>();
    private long size;

    /** @throws IllegalArgumentException if there are more ranks than pieces */
    Shard(FlatGradients all, int rank, int world) {
        if (world > PIECES) {
            throw new IllegalArgumentException(world + " ranks are more than " + PIECES + " pieces.");
        }
        try (PointerScope scope = new PointerScope()) {
            for (Bucket bucket : all.buckets()) {
                long count = bucket.values().numel() / world;
                long first = rank * count;
                long piece = bucket.values().numel() / PIECES;
                List<Piece> pieces = new ArrayList<>();
                for (long from = first; from < first + count; from += piece) {
                    pieces.add(piece(all, bucket, from, piece, size - first));
                }
                slices.add(new Slice(bucket, kept(bucket.values().narrow(0, first, count)), size, List.copyOf(pieces)));
                size += count;
            }
        }
    }

    /** @param shift from a place in the bucket to that in the shard */
    private static Piece piece(FlatGradients all, Bucket bucket, long from, long count, long shift) {
        List<Part> parts = new ArrayList<>();
        for (Tensor weight : bucket.weights()) {
            long begin = all.from(weight);
            long first = Math.max(from, begin);
            long end = Math.min(from + count, begin + weight.numel());
            if (first < end) {
                parts.add(new Part(
                        weight,
                        kept(weight.detach().view(-1).narrow(0, first - begin, end - first)),
                        kept(bucket.values().narrow(0, first, end - first)),
                        first + shift));
            }
        }
        return new Piece(kept(bucket.values().narrow(0, from, count)), List.copyOf(parts));
    }

    private static Tensor kept(Tensor view) {
        return view.retainReference();
    }

    List<Slice> slices() {
        return slices;
    }

    /** Number of values. */
    long size() {
        return size;
    }

    /** The gradients of every piece, bucket after bucket. */
    List<Tensor> pieces() {
        return slices.stream()
                .flatMap(slice -> slice.pieces.stream())
                .map(Piece::gradients)
                .toList();
    }

    @Override
    public void close() {
        slices.stream().flatMap(Shard::tensors).forEach(Tensor::close);
    }

    private static Stream<Tensor> tensors(Slice slice) {
        return Stream.concat(
                Stream.of(slice.gradients),
                slice.pieces.stream()
                        .flatMap(piece -> Stream.concat(
                                Stream.of(piece.gradients),
                                piece.parts.stream().flatMap(part -> Stream.of(part.values, part.gradients)))));
    }
}
