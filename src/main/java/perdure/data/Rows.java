package perdure.data;

import java.util.List;

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

    /** Windows in the order of a permutation, or of the text if it is null. */
    static Rows of(Windows windows, Permutation permutation) {
        return new Rows() {
            @Override
            public long count() {
                return windows.count();
            }

            @Override
            public List<Piece> row(long place) {
                long window = permutation == null ? place : permutation.at(place);
                return List.of(new Piece(windows.start(window), windows.length(window)));
            }
        };
    }
}
