package perdure.data;

import java.util.List;
import java.util.function.LongUnaryOperator;

/** The rows of an epoch, each found at the cost of at most O(log n). */
interface Rows {

    /**
     * Consecutive tokens of a row.
     *
     * @param start index of the first input in the range
     * @param length number of predictions; the targets begin one token after the inputs
     */
    record Piece(long start, int length) {}

    /** Number of rows. */
    long count();

    /** The pieces of the row at a place of the epoch. */
    List<Piece> row(long place);

    /** Windows in an order: which window is at a place. */
    static Rows of(Windows windows, LongUnaryOperator order) {
        return new Rows() {
            @Override
            public long count() {
                return windows.count();
            }

            @Override
            public List<Piece> row(long place) {
                long window = order.applyAsLong(place);
                return List.of(new Piece(windows.start(window), windows.length(window)));
            }
        };
    }
}
