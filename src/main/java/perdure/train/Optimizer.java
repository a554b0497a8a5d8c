package perdure.train;

import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/**
 * Updates the weights of one model by their gradients. It knows no schedule: every step is told its learning rate.
 *
 * <p>Everything that a step depends on besides weights, gradients and rate is in its moments and {@link #steps()}: with
 * both set back, the same steps give the same bytes. All ranks that train together call the same methods.
 */
public interface Optimizer extends AutoCloseable {

    /** The gradients of all weights that it updates. */
    Gradients gradients();

    /**
     * Updates the weights and what it remembers by the gradients.
     *
     * @throws IllegalStateException if a weight has no gradient
     */
    default void step(double learningRate) {
        step(learningRate, null);
    }

    /**
     * As {@link #step(double)}, unless the device finds that it must not.
     *
     * @param skip a scalar in float32 on the device of the weights; if it is 1, nothing changes but {@link #steps()}, which
     *     the caller then sets back. Null: there is no such condition
     */
    void step(double learningRate, Tensor skip);

    /** Steps taken in the whole life of the run. */
    long steps();

    /** Resumes after {@code steps} steps, with the moments that {@link #loadMoments} gets. */
    void steps(long steps);

    /** Whether this rank has a part of the moments, so that they are lost with any rank. */
    boolean isSharded();

    /**
     * Shows the moments, by name.
     *
     * @param to gets all of them, in one or more calls, as tensors that are valid during the call
     */
    void saveMoments(Consumer<Map<String, Tensor>> to);

    /**
     * Sets the moments on all ranks.
     *
     * @param from called on the first rank, as in {@link #saveMoments}, to write to the tensors (copy_)
     */
    void loadMoments(Consumer<Map<String, Tensor>> from);

    /** Frees what it remembers, not the weights. */
    @Override
    void close();
}
