package perdure.train;

import java.util.function.BooleanSupplier;
import perdure.data.Batch;
import perdure.data.BatchLoader;

/** Measures a model on held-out text: every token once, in order, without dropout. */
public final class Evaluator {
    private final BatchLoader batches;
    private final long textBytes;

    /**
     * What a pass over the held-out text gave.
     *
     * @param loss mean in nats a token
     * @param bitsPerByte the same in bits a byte of text, which compares across tokenizers
     */
    public record Evaluation(double loss, double bitsPerByte) {}

    /**
     * @param batches the held-out text, in order
     * @param textBytes UTF-8 bytes of that text
     */
    public Evaluator(BatchLoader batches, long textBytes) {
        this.batches = batches;
        this.textBytes = textBytes;
    }

    /**
     * Evaluates, and leaves the model in evaluation mode.
     *
     * @param stop asked before each batch
     * @throws Trainer.StopRequested if it says so before the evaluation is whole
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
