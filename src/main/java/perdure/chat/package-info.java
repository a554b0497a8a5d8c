/**
 * Conversations with a saved model: prompts by its chat template, text that is streamed while it is generated, and
 * {@code ChatSession}, whose single thread answers a few requests at a time from the checkpoints of a run folder.
 *
 * <p>It may import {@code generate}, {@code tokenizer}, {@code checkpoint} and {@code device}. It does not know HTTP, nor
 * whether a trainer is at work in that folder.
 */
package perdure.chat;
