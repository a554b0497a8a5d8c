package perdure.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import perdure.tokenizer.Tokenizer;

/**
 * The training text and the validation text, before they are tokenized.
 *
 * @param validation a separate validation text, or null
 * @param validationFraction share of the training text's tokens, at its end, that is held out if there is no separate
 *     validation text
 */
public record TrainingText(Corpus training, Corpus validation, double validationFraction) {

    /**
     * The training tokens and the validation tokens.
     *
     * @param validationBytes UTF-8 bytes of the predicted validation text, for bits per byte
     */
    public record Dataset(TokenRange training, TokenRange validation, long validationBytes) {}

    /** One token, and one to predict from it. */
    private static final int LEAST_HELD_OUT = 2;

    /** What the last reading found that people should know, one line each. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>(training.notes());
        if (validation != null) {
            validation.notes().forEach(note -> notes.add("Validation: " + note));
            notes.addAll(validation.sharedWith(training));
        }
        return notes;
    }

    /** The texts as a run recorded them, by {@link Corpus#recordedAs}; a fingerprint that is null changes nothing. */
    public TrainingText recordedAs(String fingerprint, String validationFingerprint, BooleanSupplier stop) {
        return new TrainingText(
                fingerprint == null ? training : training.recordedAs(fingerprint, stop),
                validation == null || validationFingerprint == null
                        ? validation
                        : validation.recordedAs(validationFingerprint, stop),
                validationFraction);
    }

    /**
     * The fingerprint of {@link #validation}, or a text with the fraction that takes its place.
     *
     * @throws CancellationException if {@code stop} returns true
     */
    public String validationFingerprint(BooleanSupplier stop) {
        return validation == null ? "the last " + validationFraction : validation.fingerprint(stop);
    }

    /**
     * Checks that there are enough training tokens for one sequence of {@code context} tokens. It reads no further than
     * it needs to.
     *
     * @param stop asked between passages
     * @throws CancellationException if {@code stop} returns true
     * @throws IllegalArgumentException if there are too few tokens
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
     * Checks that there are enough validation tokens to predict one. It reads no further than it needs to.
     *
     * @param stop asked between passages
     * @throws CancellationException if {@code stop} returns true
     * @throws IllegalArgumentException if there are too few tokens
     */
    public void requireValidation(Tokenizer tokenizer, BooleanSupplier stop) {
        if (validation != null) {
            if (count(validation, LEAST_HELD_OUT, tokenizer, stop) < LEAST_HELD_OUT) {
                throw new IllegalArgumentException(
                        "The validation text has fewer than " + LEAST_HELD_OUT + " tokens, and nothing to predict.");
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

    /** The number of tokens of a corpus. Counting stops at {@code enough} or more. */
    private static long count(Corpus corpus, long enough, Tokenizer tokenizer, BooleanSupplier stop) {
        long[] tokens = {0};
        corpus.read(passage -> {
            tokens[0] += passage.encoded(tokenizer).ids().length;
            return Corpus.goOn(stop) && tokens[0] < enough;
        });
        return tokens[0];
    }

    /**
     * Tokenizes the text, or takes the tokens from the cache in {@code folder}. Deletes those of other texts. Errors are
     * those of {@link TokenFile#open}.
     */
    public Dataset open(Path folder, Tokenizer tokenizer, TokenizingOptions options) {
        TokenFile file = TokenFile.open(folder, training, tokenizer, options);
        TokenFile separate = validation == null ? file : TokenFile.open(folder, validation, tokenizer, options);
        TokenFile.prune(folder, List.of(file, separate));
        TokenRange heldOut = validation == null ? file.validation(validationFraction) : separate.all();
        return new Dataset(
                validation == null ? file.training(validationFraction) : file.all(),
                heldOut,
                heldOut.predictedBytes(tokenizer));
    }
}
