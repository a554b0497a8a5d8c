/**
 * What a run writes to the disk, and how it is read to resume: the commit protocol, checkpoints that are verified to
 * the last byte, the loss history, the lock, and the epochs that remain. A crash, a full disk or a power cut loses
 * nothing that was called saved.
 *
 * <p>It may import {@code model}, {@code data}, {@code tokenizer}, {@code safetensors} and {@code device}. It does not
 * know how a model is trained; the state of a run is one record, in and out.
 */
package perdure.checkpoint;
