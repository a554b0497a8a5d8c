package perdure.chat;

import java.util.Locale;
import perdure.generate.Generation.FinishReason;

/**
 * A finished answer and where it came from.
 *
 * @param text the whole text, without the stop string that ended it
 * @param promptTokens tokens that the model read
 * @param completionTokens tokens that it generated, including those of a stop string
 * @param secondsToFirstToken from the request to the first token, including the wait in the queue; to the end of an
 *     answer without tokens
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
