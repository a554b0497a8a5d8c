package perdure.chat;

import perdure.generate.Generation.FinishReason;

/**
 * A finished answer and where it came from.
 *
 * @param secondsToFirstToken from the request to the first token, including the wait in the queue; to the end of an
 *     answer without tokens
 */
public record ChatAnswer(Completion completion, AnsweringCheckpoint checkpoint, double secondsToFirstToken) {

    /** The text of the first choice. */
    public String text() {
        return completion.choices().get(0).text();
    }

    /** Whether neither the model nor a limit ended it. */
    public boolean isCancelled() {
        return completion.choices().stream().anyMatch(choice -> choice.finishReason() == FinishReason.CANCELLED);
    }
}
