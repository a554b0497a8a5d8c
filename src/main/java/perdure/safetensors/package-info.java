/**
 * The safetensors file format: named tensors in one file. Reading is strict: a damaged header is refused. Python's
 * safetensors library reads the files that are written here, and the other way round.
 *
 * <p>It imports no other package of ours. It does not know checkpoints, or what the tensors mean.
 */
package perdure.safetensors;
