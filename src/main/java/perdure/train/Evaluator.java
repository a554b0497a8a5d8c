package perdure.train;

import java.util.function.Consumer;
import java.util.function.IntSupplier;
import perdure.data.Batch;
import perdure.data.BatchLoader;
import perdure.data.BatchLoader.Counted;
import perdure.distributed.Workers;
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
     * @param text what the loss counts of the batches of an evaluation
     * @param most batches of an evaluation, from the beginning of the text; 0: all
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
     * <p>The batches are shared by the ranks; each has some that follow each other. The losses are added up in the order
     * of the batches.
     *
     * @param stop asked before each batch, as {@link StopRequests#reason}
     * @param progress told before each batch
     * @throws Trainer.StopRequested if a rank was asked to stop before the evaluation has finished
     */
    Evaluation evaluate(Learner learner, IntSupplier stop, Consumer<TrainingProgress.Evaluation> progress) {
        learner.model().train(false);
        Workers workers = learner.workers();
        int each = Math.toIntExact((count + workers.world() - 1) / workers.world());
        double[] sums = new double[each * workers.world()]; // by batch
        long tokens = 0;
        for (int i = 0; i < each; i++) {
            progress.accept(new TrainingProgress.Evaluation(Math.min(count, (long) i * workers.world()), count));
            int reason = stop.getAsInt();
            long index = (long) workers.rank() * each + i;
            double[] own = {0, 0, reason};
            if (reason == StopRequests.NONE && index < count) {
                Batch batch = batches.batch(0, index);
                own[0] = learner.lossSum(batch);
                own[1] = batch.tokens();
            }
            double[] all = workers.gather(own);
            for (int rank = 0; rank < workers.world(); rank++) {
                int from = rank * own.length;
                sums[rank * each + i] = all[from];
                tokens += (long) all[from + 1];
                reason = StopRequests.common(reason, all[from + 2]);
            }
            if (reason != StopRequests.NONE) {
                throw new Trainer.StopRequested(reason);
            }
        }
        double sum = 0;
        for (double one : sums) {
            sum += one;
        }
        double bytes = text.bytes();
        return new Evaluation(sum / Math.max(1, tokens), sum / Math.log(2) / bytes, tokens);
    }
}
