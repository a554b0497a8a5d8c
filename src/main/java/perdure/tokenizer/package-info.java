/**
 * Byte-level byte-pair encoding: a trainer of our own, and Hugging Face's library for encoding by a {@code
 * tokenizer.json}.
 *
 * <p>It imports no other package of ours. It does not know models, or where the text comes from.
 */
package perdure.tokenizer;
