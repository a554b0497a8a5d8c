/**
 * Conversations with a saved model: ChatML as token ids, text that is streamed while it is generated, and {@code
 * ChatSession}, whose single thread answers one request after the other from the newest checkpoint of a run folder.
 *
 * <p>It may import {@code generate}, {@code tokenizer} and {@code checkpoint}. It does not know HTTP, nor whether a
 * trainer is at work in that folder.
 */
package perdure.chat;
