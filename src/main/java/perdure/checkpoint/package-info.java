/**
 * What a run leaves on disk, and how it is found again: the commit protocol, checkpoints that are verified to the last
 * byte, the loss history, the lock, and the arithmetic of resuming. A crash, a full disk or a power cut loses nothing
 * that was called saved.
 *
 * <p>It may import {@code model}, {@code data}, {@code tokenizer} and {@code safetensors}. It does not know how a model
 * is trained; the state of a run comes and goes as one record.
 */
package perdure.checkpoint;
