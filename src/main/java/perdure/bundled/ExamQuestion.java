package perdure.bundled;

import perdure.data.Conversation;

/**
 * A held-out question: what was said so far, ending with the question, and the one right answer.
 *
 * @param category what it is about, for a score by category
 */
public record ExamQuestion(String category, Conversation context, String answer) {}
