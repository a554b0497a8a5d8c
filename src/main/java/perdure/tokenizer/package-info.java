/**
 * Text and conversations as token ids, and back: our own trainer of byte-level byte-pair encoding, Hugging Face's library,
 * which encodes with a {@code tokenizer.json} of any maker, and the chat templates beside it.
 *
 * <p>It may import {@code template}. It does not know models, or where the text comes from.
 */
package perdure.tokenizer;
