package perdure.data;

/**
 * One micro-batch: {@code rows} rows of {@code context} tokens, stored row by row.
 *
 * @param ids input ids, {@code [rows, context]}; 0 where a row is padded
 * @param targets the id that follows each input, {@code [rows, context]}; {@link #IGNORED} where a row is padded
 * @param rows number of rows
 * @param context tokens per row
 * @param tokens number of targets that are not padding
 */
public record Batch(long[] ids, long[] targets, int rows, int context, long tokens) {

    /** A target without a loss. It is PyTorch's {@code ignore_index}. */
    public static final long IGNORED = -100;
}
