/**
 * Byte-level byte-pair encoding: our own trainer, and Hugging Face's library, which encodes with a {@code
 * tokenizer.json}.
 *
 * <p>It imports no other package of ours. It does not know models, or where the text comes from.
 */
package perdure.tokenizer;
