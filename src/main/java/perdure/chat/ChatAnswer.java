package perdure.chat;

import java.util.Locale;
import perdure.generate.Generation.FinishReason;

/**
 * A finished answer and where it came from.
 *
 * @param text all of it, without the stop string that ended it
 * @param promptTokens that the model read
 * @param completionTokens that it generated, those of a stop string included
 * @param secondsToFirstToken from the request, the wait in the queue included, to the first token; for an answer
 *     without tokens, to its end
 */
public record ChatAnswer(
        String text,
        int promptTokens,
        int completionTokens,
        FinishReason finishReason,
        AnsweringCheckpoint checkpoint,
        double secondsToFirstToken) {

    /** {@code stop}, {@code length} or, where neither the model nor a limit ended it, {@code cancelled}. */
    public String finish() {
        return finishReason.name().toLowerCase(Locale.ROOT);
    }
}
