package perdure.train;

import java.util.function.BooleanSupplier;
import perdure.data.Batch;
import perdure.data.BatchLoader;

/** Measures the loss of a model on the validation text. Every token is predicted once, in order, without dropout. */
public final class Evaluator {
    private final BatchLoader batches;
    private final long textBytes;

    /**
     * The result of one pass over the validation text.
     *
     * @param loss mean in nats per token
     * @param bitsPerByte the same loss in bits per byte of text, which can be compared across tokenizers
     */
    public record Evaluation(double loss, double bitsPerByte) {}

    /**
     * @param batches the validation text, in order
     * @param textBytes UTF-8 bytes of the predicted text
     */
    public Evaluator(BatchLoader batches, long textBytes) {
        this.batches = batches;
        this.textBytes = textBytes;
    }

    /**
     * Evaluates the model and leaves it in evaluation mode.
     *
     * @param stop asked before each batch
     * @throws Trainer.StopRequested if {@code stop} returns true before the evaluation has finished
     */
    Evaluation evaluate(Learner learner, BooleanSupplier stop) {
        learner.model().train(false);
        double sum = 0;
        long tokens = 0;
        for (long i = 0; i < batches.batches(); i++) {
            if (stop.getAsBoolean()) {
                throw new Trainer.StopRequested();
            }
            Batch batch = batches.batch(0, i);
            sum += learner.lossSum(batch);
            tokens += batch.tokens();
        }
        return new Evaluation(sum / tokens, sum / Math.log(2) / textBytes);
    }
}
