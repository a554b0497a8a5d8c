package perdure.data;

/**
 * The windows of one epoch: {@code P} predictions, cut into windows of at most {@code T}. The first window ends at a
 * border between 1 and {@code T}. The others have {@code T} predictions, the last one what is left.
 *
 * <p>Depending on the border, there are {@code n} or {@code n + 1} windows. Only the borders that give the more common
 * number are used, which is at least half of them. So every epoch has the same number of windows, and none is empty.
 *
 * @param predictions P
 * @param context T
 * @param border end of the first window
 */
record Windows(long predictions, int context, long border) {

    /** Windows without a shifted border, for evaluation. */
    static Windows sequential(long predictions, int context) {
        return new Windows(predictions, context, context);
    }

    /** The windows of an epoch. They depend only on the sizes, the seed and the epoch. */
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

    /** Index of a window's first prediction. */
    long start(long window) {
        return window == 0 ? 0 : border + (window - 1) * context;
    }

    /** Number of predictions in a window: 1 to {@code context}. */
    int length(long window) {
        return (int) (Math.min(border + window * context, predictions) - start(window));
    }
}
