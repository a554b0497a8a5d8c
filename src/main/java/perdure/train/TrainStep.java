package perdure.train;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.bytedeco.javacpp.PointerScope;
import perdure.data.Batch;
import perdure.model.LanguageModel;

/**
 * One optimizer step: forward and backward over the micro-batches, clip, update. It knows no epoch and saves nothing.
 */
final class TrainStep {
    private final Learner learner;
    private final double gradientClip;

    TrainStep(Learner learner, double gradientClip) {
        this.learner = learner;
        this.gradientClip = gradientClip;
    }

    /**
     * What a step did.
     *
     * @param lossSum of its tokens, in nats
     * @param gradientNorm before clipping
     */
    record Result(double lossSum, long tokens, double gradientNorm) {}

    /**
     * Takes the step, or leaves weights and moments as they are where {@code stop} asks before a micro-batch.
     *
     * @param step ordinal, for the message
     * @return null if stopped
     * @throws IllegalStateException if the loss or the gradient norm is not finite; nothing was updated then
     */
    Result take(long step, List<Batch> microBatches, double learningRate, BooleanSupplier stop) {
        long tokens = microBatches.stream().mapToLong(Batch::tokens).sum();
        double lossSum = 0;
        try {
            for (Batch batch : microBatches) {
                if (stop.getAsBoolean()) {
                    return null;
                }
                lossSum += accumulate(batch, tokens);
            }
            requireFinite("loss", lossSum, step);
            double norm = learner.optimizer().clipGradients(gradientClip);
            requireFinite("gradient norm", norm, step);
            learner.optimizer().step(learningRate);
            return new Result(lossSum, tokens, norm);
        } finally {
            learner.optimizer().zeroGradients();
        }
    }

    /** Adds one micro-batch's share of the gradient of the mean over all {@code tokens} of the step. */
    private double accumulate(Batch batch, long tokens) {
        try (PointerScope scope = new PointerScope();
                LanguageModel.Loss loss = learner.forward(batch, 1.0 / tokens)) {
            loss.backward();
            return loss.sum();
        }
    }

    private static void requireFinite(String what, double value, long step) {
        if (!Double.isFinite(value)) {
            throw new IllegalStateException("The " + what + " at step " + step + " is " + value
                    + "; nothing was updated. Try a lower --learning-rate or --grad-clip.");
        }
    }
}
