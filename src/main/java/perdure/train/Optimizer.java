package perdure.train;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Updates the weights of one model by their gradients. It knows no schedule: every step is told its learning rate.
 *
 * <p>Everything that a step depends on besides weights, gradients and rate is in {@link #namedMoments} and
 * {@link #steps()}: with both set back, the same steps give the same bytes.
 */
public interface Optimizer extends AutoCloseable {

    /** The gradients of all weights that it updates. */
    Gradients gradients();

    /**
     * Updates the weights and what it remembers by the gradients.
     *
     * @throws IllegalStateException if a weight has no gradient
     */
    void step(double learningRate);

    /** Steps taken in the whole life of the run. */
    long steps();

    /** Resumes after {@code steps} steps, whose moments the caller writes to {@link #namedMoments()}. */
    void steps(long steps);

    /** What it remembers from step to step, by name: views in the caller's scope. Writing to one (copy_) sets it. */
    Map<String, Tensor> namedMoments();

    /** Frees what it remembers, not the weights. */
    @Override
    void close();
}
