package perdure.generate;

import java.util.List;
import java.util.stream.IntStream;

/** The log softmax of a model's logits: log p(i) = logit(i) − log Σ exp(logit(j)). */
final class LogProbabilities {
    private final float[] logits;
    private final double logOfSum;

    /** Copies the logits, which a sampler changes. */
    LogProbabilities(float[] logits) {
        this.logits = logits.clone();
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        logOfSum = largest + Math.log(sum);
    }

    /** A token with its log probability and the {@code most} likeliest ones. */
    GeneratedToken of(int id, int most) {
        List<GeneratedToken> likeliest = IntStream.of(likeliest(logits, Math.min(most, logits.length)))
                .mapToObj(other -> new GeneratedToken(other, logprob(other), List.of()))
                .toList();
        return new GeneratedToken(id, logprob(id), likeliest);
    }

    private double logprob(int id) {
        return logits[id] - logOfSum;
    }

    /**
     * The ids of the largest logits, in descending order; of equal ones the first.
     *
     * @param most how many, at most all
     */
    static int[] likeliest(float[] logits, int most) {
        int[] best = new int[most];
        int count = 0;
        for (int id = 0; id < logits.length && most > 0; id++) {
            int place = count;
            while (place > 0 && logits[best[place - 1]] < logits[id]) {
                place--;
            }
            if (place < most) {
                count = Math.min(count + 1, most);
                System.arraycopy(best, place, best, place + 1, count - 1 - place);
                best[place] = id;
            }
        }
        return best;
    }
}
