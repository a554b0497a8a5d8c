package perdure.data;

/**
 * One micro-batch, row by row.
 *
 * @param ids input ids, {@code [rows, context]}; 0 where a row is padded
 * @param targets the id that follows each input, {@code [rows, context]}; {@value #IGNORED} where a row is padded
 * @param tokens how many targets count
 */
public record Batch(long[] ids, long[] targets, int rows, int context, long tokens) {

    /** The target that no loss is computed for. */
    public static final long IGNORED = -100;
}
