package perdure.generate;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Chooses the next token of one sequence from the model's logits. The filters run in the order of Hugging Face
 * transformers: repetition penalty (Keskar et al. 2019, section 4.1), temperature, top-k, top-p (Holtzman et al. 2020).
 * After the repetition penalty come those of OpenAI's API: the logit of a token that the answer, without the prompt, has
 * n times, for n above 0, becomes {@code logit − n · frequency − presence}.
 */
public final class TokenSampler {
    private final SamplingOptions options;
    private final SplittableRandom random;
    /** Tokens of the prompt and of the answer. */
    private final BitSet seen = new BitSet();
    /** How often the answer has each token that it has. */
    private final Map<Integer, Integer> counts = new HashMap<>();
    /** Weights after the softmax, not normalised; 0 for tokens that a filter dropped. */
    private final float[] weights;
    /**
     * Candidates of top-p: the bits of a weight, then its id. Weights are not negative, so their bits sort as they do.
     */
    private final long[] candidates;

    public TokenSampler(SamplingOptions options, int vocabularySize) {
        this.options = options;
        this.random = new SplittableRandom(options.seed());
        this.weights = new float[vocabularySize];
        this.candidates = new long[vocabularySize];
    }

    /** Adds a token of the prompt to those that the repetition penalty applies to. */
    public void see(int id) {
        seen.set(id);
    }

    /** Adds a token of the answer to those that all penalties apply to. */
    public void accept(int id) {
        seen.set(id);
        counts.merge(id, 1, Integer::sum);
    }

    /**
     * Chooses the next token.
     *
     * @param logits one per id; the penalties change them
     * @throws IllegalStateException if the largest logit is not finite
     */
    public int next(float[] logits) {
        penalise(logits);
        int best = mostLikely(logits);
        if (!Float.isFinite(logits[best])) {
            throw new IllegalStateException("The logit of token " + best + " is " + logits[best] + ".");
        }
        if (options.temperature() == 0) {
            return best;
        }
        float least = leastOfTopK(logits);
        double sum = 0;
        for (int id = 0; id < logits.length; id++) {
            weights[id] =
                    logits[id] < least ? 0 : (float) Math.exp((logits[id] - logits[best]) / options.temperature());
            sum += weights[id];
        }
        if (options.topP() < 1) {
            sum = keepTopP(sum);
        }
        return draw(sum, best);
    }

    private void penalise(float[] logits) {
        SamplingOptions.Penalties penalties = options.penalties();
        if (penalties.repetition() != 1) {
            float penalty = (float) penalties.repetition();
            for (int id = seen.nextSetBit(0); id >= 0; id = seen.nextSetBit(id + 1)) {
                logits[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
            }
        }
        if (penalties.presence() != 0 || penalties.frequency() != 0) {
            counts.forEach((id, count) -> logits[id] -= (float) (penalties.presence() + count * penalties.frequency()));
        }
    }

    /** The first id with the largest logit, or with one that is NaN. */
    private static int mostLikely(float[] logits) {
        int best = 0;
        for (int id = 1; id < logits.length && !Float.isNaN(logits[best]); id++) {
            if (!(logits[id] <= logits[best])) {
                best = id;
            }
        }
        return best;
    }

    /** The k-th largest logit. Smaller ones are dropped, equal ones stay. */
    private float leastOfTopK(float[] logits) {
        int k = Math.min(options.topK(), logits.length);
        return k == 0 ? Float.NEGATIVE_INFINITY : logits[LogProbabilities.likeliest(logits, k)[k - 1]];
    }

    /**
     * Drops the least likely tokens whose weights add up to at most 1 − top-p of the total. Returns the sum of the
     * rest.
     */
    private double keepTopP(double sum) {
        double tail = (1 - options.topP()) * sum;
        // Weights this small are dropped even if all V of them were this large, so only the others need sorting.
        double negligible = tail / weights.length;
        double dropped = 0;
        int count = 0;
        for (int id = 0; id < weights.length; id++) {
            if (weights[id] <= negligible) {
                dropped += weights[id];
                weights[id] = 0;
            } else {
                candidates[count++] = (long) Float.floatToRawIntBits(weights[id]) << Integer.SIZE | id;
            }
        }
        Arrays.sort(candidates, 0, count);
        for (int i = 0; i < count - 1; i++) {
            int id = (int) candidates[i];
            if (dropped + weights[id] > tail) {
                break;
            }
            dropped += weights[id];
            weights[id] = 0;
        }
        return sum - dropped;
    }

    private int draw(double sum, int best) {
        double point = random.nextDouble() * sum;
        for (int id = 0; id < weights.length; id++) {
            point -= weights[id];
            if (point < 0) {
                return id;
            }
        }
        return best; // rounding left a small part of the sum over
    }
}
