package perdure.data;

import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import perdure.tokenizer.Tokenizer;

/**
 * What is learnt and what is held out, before it is tokens.
 *
 * @param validation held-out text of its own, or null
 * @param validationFraction share of the training text's tokens, at its end, that is held out where there is none
 */
public record TrainingText(Corpus training, Corpus validation, double validationFraction) {

    /**
     * A text as tokens, ready to be trained on.
     *
     * @param validationBytes UTF-8 bytes of the held-out text that is predicted, the base of bits per byte
     */
    public record Dataset(TokenRange training, TokenRange validation, long validationBytes) {}

    /** One token to predict another from. */
    private static final int LEAST_HELD_OUT = 2;

    /** Of {@link #validation}, or the share that takes its place. */
    public String validationFingerprint(BooleanSupplier stop) {
        return validation == null ? "the last " + validationFraction : validation.fingerprint(stop);
    }

    /**
     * Reads as far as it must to know that one sequence of {@code context} tokens can be trained on.
     *
     * @param stop asked between passages
     * @throws IllegalArgumentException if there are too few tokens for that
     */
    public void requireTraining(int context, Tokenizer tokenizer, BooleanSupplier stop) {
        double share = validation == null ? 1 - validationFraction : 1;
        long tokens = count(training, (long) Math.ceil((context + 1L) / share) + 1, tokenizer, stop);
        long heldOut = validation == null ? (long) (tokens * validationFraction) : 0;
        if (tokens - heldOut <= context) {
            throw new IllegalArgumentException("context " + context + " is longer than the data: "
                    + (tokens - heldOut) + " of its " + tokens + " tokens are for training, and " + (context + 1L)
                    + " are needed.");
        }
    }

    /**
     * Reads as far as it must to know that something is held out.
     *
     * @param stop asked between passages
     * @throws IllegalArgumentException if nothing of it could be predicted
     */
    public void requireValidation(Tokenizer tokenizer, BooleanSupplier stop) {
        if (validation != null) {
            if (count(validation, LEAST_HELD_OUT, tokenizer, stop) < LEAST_HELD_OUT) {
                throw new IllegalArgumentException("The validation text has nothing to predict.");
            }
            return;
        }
        long enough = (long) Math.ceil(LEAST_HELD_OUT / validationFraction) + 1;
        long tokens = count(training, enough, tokenizer, stop);
        if ((long) (tokens * validationFraction) < LEAST_HELD_OUT) {
            throw new IllegalArgumentException("validation fraction " + validationFraction + " of " + tokens
                    + " tokens is fewer than " + LEAST_HELD_OUT + " tokens.");
        }
    }

    /** The tokens of a corpus, or a number of at least {@code enough}. */
    private static long count(Corpus corpus, long enough, Tokenizer tokenizer, BooleanSupplier stop) {
        long[] tokens = {0};
        corpus.read(passage -> {
            tokens[0] += passage.encode(tokenizer).length + (passage.endsDocument() ? 1 : 0);
            return Corpus.goOn(stop) && tokens[0] < enough;
        });
        return tokens[0];
    }

    /** Turns the text into tokens, or takes them from the cache in {@code folder}. */
    public Dataset open(Path folder, Tokenizer tokenizer, BooleanSupplier stop) {
        TokenFile file = TokenFile.open(folder, training, tokenizer, stop);
        TokenRange heldOut = validation == null
                ? file.validation(validationFraction)
                : TokenFile.open(folder, validation, tokenizer, stop).all();
        return new Dataset(
                validation == null ? file.training(validationFraction) : file.all(),
                heldOut,
                heldOut.predictedBytes(tokenizer));
    }
}
