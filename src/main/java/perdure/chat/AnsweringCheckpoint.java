package perdure.chat;

import java.util.function.Supplier;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.TrainerState;

/**
 * The saved checkpoint that answers.
 *
 * @param name of its folder
 * @param epoch ordinal, from one, of the epoch during or at the end of which it was saved; 0 before the first step
 * @param loss mean loss of that epoch up to the save, in nats per token; null if neither the checkpoint nor the history
 *     of the run says
 * @param context most tokens that its model reads and writes in one conversation
 */
public record AnsweringCheckpoint(String name, int epoch, Double loss, int context) {

    /** @param history of the run; only asked if the checkpoint does not know its loss */
    static AnsweringCheckpoint of(Checkpoint checkpoint, Supplier<LossCurve> history) {
        TrainerState state = checkpoint.state();
        TrainerState.LossSum sum = state.loss();
        int context = checkpoint.context();
        if (sum.tokens() > 0) {
            double loss = sum.sum() / sum.tokens();
            return new AnsweringCheckpoint(checkpoint.name(), state.position().epoch() + 1, loss, context);
        }
        int ended = state.lastEpoch();
        Double loss = history.get().epochs().stream()
                .filter(epoch -> epoch.epoch() == ended)
                .map(LossCurve.Epoch::epochLoss)
                .findFirst()
                .orElse(null);
        return new AnsweringCheckpoint(checkpoint.name(), ended + 1, loss, context);
    }
}
