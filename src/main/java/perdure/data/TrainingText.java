package perdure.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import perdure.data.Sequences.Packing;
import perdure.tokenizer.Tokenizer;

/**
 * The training text and the validation text, before they are tokenized.
 *
 * @param validation a separate validation text, or null
 * @param validationFraction share of the training text that is held out if there is no separate validation text
 * @param wholeDocuments whether that share is drawn as {@link HeldOut} does; else it is the end of the text, as in
 *     version 0.1.0
 */
public record TrainingText(Corpus training, Corpus validation, double validationFraction, boolean wholeDocuments) {

    /** How a run of version 0.1.0 recorded what it held out, before the share. */
    private static final String END_OF_TEXT = "the last ";

    /**
     * The training tokens and the validation tokens.
     *
     * @param hasConversations whether any training document is a conversation
     */
    public record Dataset(TokenRange training, TokenRange validation, boolean hasConversations) {}

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
                validationFraction,
                validationFingerprint == null ? wholeDocuments : !validationFingerprint.startsWith(END_OF_TEXT));
    }

    /**
     * The fingerprint of {@link #validation}, or a text with the fraction that takes its place.
     *
     * @throws CancellationException if {@code stop} returns true
     */
    public String validationFingerprint(BooleanSupplier stop) {
        if (validation != null) {
            return validation.fingerprint(stop);
        }
        return wholeDocuments ? validationFraction + " of the documents" : END_OF_TEXT + validationFraction;
    }

    /**
     * Checks that there are enough training tokens for one sequence of {@code context} tokens. Documents that share rows
     * need no more than a prediction. It reads no further than it needs to.
     *
     * @param packing null: that of conversations, if there is one
     * @param stop asked between passages
     * @throws CancellationException if {@code stop} returns true
     * @throws IllegalArgumentException if there are too few tokens
     */
    public void requireTraining(int context, Packing packing, Tokenizer tokenizer, BooleanSupplier stop) {
        double share = validation == null ? 1 - validationFraction : 1;
        Corpus.Length length = training.length((long) Math.ceil((context + 1L) / share) + 1, tokenizer, stop);
        if (packing == Packing.DOCUMENTS || packing == null && length.hasConversations()) {
            return;
        }
        long tokens = length.tokens();
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
            if (validation.length(LEAST_HELD_OUT, tokenizer, stop).tokens() < LEAST_HELD_OUT) {
                throw new IllegalArgumentException(
                        "The validation text has fewer than " + LEAST_HELD_OUT + " tokens, and nothing to predict.");
            }
            return;
        }
        long enough = (long) Math.ceil(LEAST_HELD_OUT / validationFraction) + 1;
        long tokens = training.length(enough, tokenizer, stop).tokens();
        if ((long) (tokens * validationFraction) < LEAST_HELD_OUT) {
            throw new IllegalArgumentException("validation fraction " + validationFraction + " of " + tokens
                    + " tokens is fewer than " + LEAST_HELD_OUT + " tokens.");
        }
    }

    /**
     * Tokenizes the text, or takes the tokens from the cache in {@code folder}. Deletes those of other texts. Errors are
     * those of {@link TokenFile#open}.
     *
     * @param seed of the draw of held-out documents
     */
    public Dataset open(Path folder, Tokenizer tokenizer, long seed, TokenizingOptions options) {
        TokenFile file = training.tokens(folder, tokenizer, options);
        TokenFile separate = validation == null ? file : validation.tokens(folder, tokenizer, options);
        TokenFile.prune(folder, List.of(file, separate));
        if (validation != null) {
            return new Dataset(file.all(), separate.all(), file.hasConversations());
        }
        HeldOut heldOut = wholeDocuments
                ? HeldOut.of(file, validationFraction, seed)
                : new HeldOut(file.training(validationFraction), file.validation(validationFraction));
        return new Dataset(heldOut.training(), heldOut.validation(), file.hasConversations());
    }
}
