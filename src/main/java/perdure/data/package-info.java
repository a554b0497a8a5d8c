/**
 * Text on its way to batches: corpora streamed from files, token files as a cache of them, and batches whose order is
 * a function of seed, epoch and index, at constant cost.
 *
 * <p>It may import {@code tokenizer}. It does not know models, devices or the bundled corpus.
 */
package perdure.data;
