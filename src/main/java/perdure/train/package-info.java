/**
 * The training loop: {@code Trainer} with its optimizer, learning rate schedule, evaluation and saves. The same seed,
 * data and thread count give the same bytes, however often the run was stopped.
 *
 * <p>It may import {@code checkpoint}, {@code data}, {@code model}, {@code device}, {@code distributed} and {@code status}. It does not know
 * who started it, where its text came from, or who watches: it publishes its status to an atomic reference.
 */
package perdure.train;
