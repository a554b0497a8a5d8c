package perdure.data;

import java.util.List;

/**
 * The micro-batches of one optimizer step that one rank computes.
 *
 * @param tokens number of targets in all micro-batches of the step, those of other ranks included, that the loss counts;
 *     known before the first one is loaded
 * @param first index in the step of the rank's first micro-batch
 * @param count number of its micro-batches in a whole step; the last step of an epoch may have fewer
 * @param batches in order; each is loaded when the iteration reaches it
 */
public record MicroBatches(long tokens, int first, int count, Iterable<Batch> batches) {

    /** All of a step. */
    public MicroBatches(long tokens, int count, Iterable<Batch> batches) {
        this(tokens, 0, count, batches);
    }

    /** The step that has this one micro-batch. */
    public static MicroBatches of(Batch batch) {
        return new MicroBatches(batch.tokens(), 1, List.of(batch));
    }
}
