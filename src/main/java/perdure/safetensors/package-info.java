/**
 * The safetensors file format, read and written strictly: tensors by name, and no damaged header is believed. Files
 * are exchanged with Python's library byte for byte.
 *
 * <p>It imports no other package of ours. It does not know checkpoints, or what the tensors mean.
 */
package perdure.safetensors;
