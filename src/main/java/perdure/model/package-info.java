/**
 * The language model: {@code ModelConfig}, the layers of a Llama decoder with forward and backward pass, and the
 * key-value cache. Parameters have Hugging Face's names.
 *
 * <p>It may import {@code device}. It does not know text, optimizers or files.
 */
package perdure.model;
