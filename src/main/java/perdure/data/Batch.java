package perdure.data;

import java.util.Arrays;

/**
 * One micro-batch: {@code rows} rows of {@code context} tokens, stored row by row.
 *
 * @param ids input ids, {@code [rows, context]}; 0 where a row is padded
 * @param targets the id that follows each input, {@code [rows, context]}; {@link #IGNORED} where a row is padded, and
 *     where the loss does not count it
 * @param documents where documents begin in {@code ids}, ascending; attention does not cross them, and positions begin
 *     anew; null if each row is one sequence
 * @param rows number of rows
 * @param context tokens per row
 * @param tokens number of targets that count
 * @param predictions number of targets that are not padding
 */
public record Batch(long[] ids, long[] targets, int[] documents, int rows, int context, long tokens, long predictions) {

    /** A target without a loss. It is PyTorch's {@code ignore_index}. */
    public static final long IGNORED = -100;

    /** Where documents begin in some of the rows, counted from the first of these; null if each row is one sequence. */
    public int[] documents(int firstRow, int count) {
        if (documents == null) {
            return null;
        }
        int from = firstRow * context;
        return Arrays.stream(documents)
                .filter(start -> start >= from && start < from + count * context)
                .map(start -> start - from)
                .toArray();
    }

    /** Rows of one sequence each, all of whose targets count. */
    public static Batch of(long[] ids, long[] targets, int rows, int context) {
        return new Batch(ids, targets, null, rows, context, ids.length, ids.length);
    }
}
