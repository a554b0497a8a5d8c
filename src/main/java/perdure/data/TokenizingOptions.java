package perdure.data;

import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * How text is tokenized. None of it changes the tokens.
 *
 * @param threads that encode
 * @param progress receives the characters that are done, those of earlier processes included
 * @param stop asked between passages; finished parts stay when it returns true
 */
public record TokenizingOptions(int threads, LongConsumer progress, BooleanSupplier stop) {

    /** All cores, and nobody who watches. */
    public static TokenizingOptions of(BooleanSupplier stop) {
        return new TokenizingOptions(Runtime.getRuntime().availableProcessors(), characters -> {}, stop);
    }
}
