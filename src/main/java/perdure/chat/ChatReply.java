package perdure.chat;

/**
 * An answer and where it came from.
 *
 * @param secondsToFirstToken from the request, the wait in the queue included, to the first token; for an answer
 *     without tokens, to its end
 */
public record ChatReply(ChatAnswer answer, AnsweringCheckpoint checkpoint, double secondsToFirstToken) {}
