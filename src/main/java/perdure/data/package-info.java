/**
 * From text to batches: corpora that are streamed from files, token files that cache their tokens, and batches. The
 * order of the batches depends only on seed, epoch and index, and any batch is found at constant cost.
 *
 * <p>It may import {@code tokenizer} and, for SHA-256 by the system's library, {@code device}. It does not know models or
 * the bundled corpus.
 */
package perdure.data;
