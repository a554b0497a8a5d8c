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

    /** Of {@link #validation}, or the share that takes its place. */
    public String validationFingerprint(BooleanSupplier stop) {
        return validation == null ? "the last " + validationFraction : validation.fingerprint(stop);
    }

    /** Reads everything once, for the errors that only reading finds. */
    public void check(BooleanSupplier stop) {
        training.check(stop);
        if (validation != null) {
            validation.check(stop);
        }
    }

    /**
     * Reads as far as it must to know that one sequence of {@code context} tokens can be trained on.
     *
     * @throws IllegalArgumentException if there are too few tokens for that
     */
    public void requireContext(int context, Tokenizer tokenizer) {
        double share = validation == null ? 1 - validationFraction : 1;
        long needed = (long) Math.ceil((context + 1) / share) + 1;
        long[] tokens = {0};
        training.read(passage -> {
            tokens[0] += tokenizer.encode(passage.content()).length + (passage.endsDocument() ? 1 : 0);
            return tokens[0] < needed;
        });
        if (tokens[0] < needed) {
            throw new IllegalArgumentException("--context " + context + " is longer than the data: "
                    + (long) (tokens[0] * share) + " of its " + tokens[0] + " tokens are for training, and "
                    + (context + 1) + " are needed.");
        }
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
