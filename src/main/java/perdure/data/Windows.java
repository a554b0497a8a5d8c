package perdure.data;

/**
 * How one epoch's {@code P} predictions are cut into windows of at most {@code T}: the first ends at a border between 1
 * and {@code T}, then one window every {@code T}, the last as long as what is left.
 *
 * <p>With the border, the number of windows is one of two neighbours. Only the borders that give the commoner number
 * are used, at least half of them all; so every epoch has the same number of windows, and none is empty.
 */
record Windows(long predictions, int context, long border) {

    /** The windows in order from the first prediction, for evaluation. */
    static Windows sequential(long predictions, int context) {
        return new Windows(predictions, context, context);
    }

    /** The windows of an epoch, a function of seed and epoch. */
    static Windows of(long predictions, int context, long seed, int epoch) {
        long remainder = (predictions - 1) % context + 1;
        // With P = q T + r and 1 <= r <= T, borders 1 … r - 1 give q + 2 windows, borders r … T give q + 1.
        long longer = remainder - 1;
        long shorter = context - remainder + 1;
        long draw = Permutation.draw(seed, epoch, 0);
        long border = longer > shorter
                ? 1 + Long.remainderUnsigned(draw, longer)
                : remainder + Long.remainderUnsigned(draw, shorter);
        return new Windows(predictions, context, border);
    }

    long count() {
        return 1 + Math.max(0, predictions - border + context - 1) / context;
    }

    /** First prediction of a window. */
    long start(long window) {
        return window == 0 ? 0 : border + (window - 1) * context;
    }

    /** Number of predictions in a window: 1 to {@code context}. */
    int length(long window) {
        return (int) (Math.min(border + window * context, predictions) - start(window));
    }
}
