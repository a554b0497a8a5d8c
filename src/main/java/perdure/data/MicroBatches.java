package perdure.data;

import java.util.List;

/**
 * The micro-batches of one optimizer step.
 *
 * @param tokens number of targets in all of them that the loss counts; known before the first one is loaded
 * @param count number of micro-batches in a whole step; the last step of an epoch may have fewer
 * @param batches in order; each is loaded when the iteration reaches it
 */
public record MicroBatches(long tokens, int count, Iterable<Batch> batches) {

    /** The step that has this one micro-batch. */
    public static MicroBatches of(Batch batch) {
        return new MicroBatches(batch.tokens(), 1, List.of(batch));
    }
}
