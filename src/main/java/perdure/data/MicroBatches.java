package perdure.data;

import java.util.List;

/**
 * The micro-batches of one optimizer step.
 *
 * @param tokens that count, in all of them together: known before the first one is made
 * @param batches in order, each made when the iteration comes to it
 */
public record MicroBatches(long tokens, Iterable<Batch> batches) {

    /** A step of one micro-batch. */
    public static MicroBatches of(Batch batch) {
        return new MicroBatches(batch.tokens(), List.of(batch));
    }
}
