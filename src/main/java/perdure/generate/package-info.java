/**
 * Continues a sequence of token ids with a model and its key-value cache: ids in, ids out.
 *
 * <p>It may import {@code model}. It does not know text, tokenizers, chat formats, checkpoints or threads.
 */
package perdure.generate;
