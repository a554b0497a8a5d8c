package perdure.data;

import java.util.Arrays;

/**
 * Some tokens of a file: spans of it that follow each other, with indices from 0 on. Each one but the first is predicted
 * from those before it.
 */
public final class TokenRange {

    private final TokenFile file;
    private final long[] from; // of each span, in the file
    private final long[] start; // of each span, in this range; at the end the number of tokens
    private final long[] unlearned; // before each span: those of this range, less those of the file

    /** The tokens {@code [from, to)} of a file. */
    public TokenRange(TokenFile file, long from, long to) {
        this(file, new long[] {from}, new long[] {0, to - from});
        if (from < 0 || from >= to || to > file.size()) {
            throw new IllegalArgumentException(
                    "[" + from + ", " + to + ") is not a range of a file of " + file.size() + " tokens.");
        }
    }

    private TokenRange(TokenFile file, long[] from, long[] start) {
        this.file = file;
        this.from = from;
        this.start = start;
        unlearned = new long[from.length];
        long before = 0;
        for (int span = 0; span < from.length; span++) {
            long to = Math.min(file.size(), from[span] + start[span + 1] - start[span]);
            unlearned[span] = before - file.unlearnedBefore(Math.max(0, from[span]));
            before = unlearned[span] + file.unlearnedBefore(to);
        }
    }

    /** Collects the spans of a range, in the order of the file. */
    static final class Builder {
        private final TokenFile file;
        private long[] from = new long[16];
        private long[] start = new long[16];
        private int spans;
        private long size;
        private long end = -1;

        Builder(TokenFile file) {
            this.file = file;
        }

        /** Adds the tokens {@code [first, to)}. */
        void add(long first, long to) {
            if (first == to) {
                return;
            }
            if (first != end) {
                if (spans + 1 == start.length) {
                    from = Arrays.copyOf(from, spans * 2);
                    start = Arrays.copyOf(start, spans * 2);
                }
                from[spans] = first;
                start[spans++] = size;
            }
            size += to - first;
            end = to;
            start[spans] = size;
        }

        long size() {
            return size;
        }

        TokenRange build() {
            return new TokenRange(file, Arrays.copyOf(from, spans), Arrays.copyOf(start, spans + 1));
        }
    }

    /** Receives tokens {@code [from, to)}. */
    interface Span {
        void accept(long from, long to);
    }

    TokenFile file() {
        return file;
    }

    /** Number of tokens. */
    public long size() {
        return start[from.length];
    }

    /** Number of predictions: one fewer than tokens. */
    public long predictions() {
        return size() - 1;
    }

    /** The span that has a token; the last one for the index after the end. */
    private int span(long index) {
        if (from.length == 1) {
            return 0;
        }
        int found = Arrays.binarySearch(start, 0, from.length, index);
        return found >= 0 ? found : -found - 2;
    }

    /** The token id at an index. */
    int id(long index) {
        int span = span(index);
        return file.id(from[span] + index - start[span]);
    }

    /** How many of the predictions a loss counts, if all tokens are one sequence. */
    public long counted(Sequences.Loss loss) {
        return counted(1, size(), loss);
    }

    /** How many of the tokens {@code [first, to)} a loss counts. Costs O(log n). */
    long counted(long first, long to, Sequences.Loss loss) {
        return loss == Sequences.Loss.ALL ? to - first : to - first - unlearnedBefore(to) + unlearnedBefore(first);
    }

    /** How many of the tokens before an index the loss on assistant turns does not count. Costs O(log n). */
    long unlearnedBefore(long index) {
        int span = span(index);
        return unlearned[span] + file.unlearnedBefore(from[span] + index - start[span]);
    }

    /**
     * How long the documents are, in predictions: one fewer than tokens.
     *
     * @param count of the documents
     * @param longest of them
     * @param over how many are longer than the limit
     */
    public record Lengths(long count, long longest, long over) {}

    /** The lengths of the documents. Reads where each ends. */
    public Lengths lengths(long limit) {
        long[] found = new long[3];
        documents((from, to) -> {
            long length = to - from - 1;
            found[0]++;
            found[1] = Math.max(found[1], length);
            found[2] += length > limit ? 1 : 0;
        });
        return new Lengths(found[0], found[1], found[2]);
    }

    /** Passes on the documents, and the parts of documents that are in this range, in order. */
    void documents(Span receiver) {
        long document = 0;
        for (int span = 0; span < from.length; span++) {
            long to = from[span] + start[span + 1] - start[span];
            document = documentAt(document, from[span]);
            for (long first = from[span]; first < to; ) {
                long end = Math.min(to, file.end(document++));
                receiver.accept(start[span] + first - from[span], start[span] + end - from[span]);
                first = end;
            }
        }
    }

    /** The first document, not before {@code least}, that ends after a token of the file. */
    private long documentAt(long least, long token) {
        long low = least;
        long high = file.documents();
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (file.end(middle) <= token) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
