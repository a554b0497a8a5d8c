/**
 * Answers that are JSON, and the JSON of a schema, whatever the model would say: which tokens may come next.
 *
 * <p>A {@code JsonFormat} is a schema that was read: a pushdown automaton over bytes. A {@code TokenTrie} has the bytes of
 * the vocabulary. A {@code JsonConstraint} walks both for one answer. It imports nothing of ours and knows no model,
 * tokenizer or server.
 */
package perdure.chat.constraint;
