package perdure.train;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import perdure.data.Batch;
import perdure.data.BatchLoader;
import perdure.data.BatchLoader.Counted;
import perdure.status.TrainingProgress;

/** Measures the loss of a model on the validation text. Every token is predicted once, without dropout. */
public final class Evaluator {
    private final BatchLoader batches;
    private final Counted text;
    private final long count;

    /**
     * The result of one pass over the validation text, or over the beginning of it.
     *
     * @param loss mean in nats per token
     * @param bitsPerByte the same loss in bits per byte of text, which can be compared across tokenizers
     * @param tokens that the loss counts
     */
    public record Evaluation(double loss, double bitsPerByte, long tokens) {}

    /**
     * @param batches the validation text
     * @param text what the loss counts of the whole validation text
     * @param most batches of an evaluation, from the beginning of the text; 0: all. The bits per byte of a part take
     *     the bytes per token of the whole
     */
    public Evaluator(BatchLoader batches, Counted text, long most) {
        this.batches = batches;
        this.text = text;
        count = most == 0 ? batches.batches() : Math.min(most, batches.batches());
    }

    /** Share of the validation text that an evaluation reads. */
    double share() {
        return (double) count / batches.batches();
    }

    /**
     * Evaluates the model and leaves it in evaluation mode.
     *
     * @param stop asked before each batch
     * @param progress told before each batch
     * @throws Trainer.StopRequested if {@code stop} returns true before the evaluation has finished
     */
    Evaluation evaluate(Learner learner, BooleanSupplier stop, Consumer<TrainingProgress.Evaluation> progress) {
        learner.model().train(false);
        double sum = 0;
        long tokens = 0;
        for (long i = 0; i < count; i++) {
            if (stop.getAsBoolean()) {
                throw new Trainer.StopRequested();
            }
            progress.accept(new TrainingProgress.Evaluation(i, count));
            Batch batch = batches.batch(0, i);
            sum += learner.lossSum(batch);
            tokens += batch.tokens();
        }
        double bytes = text.bytes() * ((double) tokens / text.tokens());
        return new Evaluation(sum / Math.max(1, tokens), sum / Math.log(2) / bytes, tokens);
    }
}
