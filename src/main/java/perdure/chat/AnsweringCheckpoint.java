package perdure.chat;

import perdure.checkpoint.Generation;
import perdure.checkpoint.TrainerState;

/**
 * The saved generation that answers.
 *
 * @param name of its folder
 * @param epoch ordinal, from one, of the epoch that it was saved in or at the end of; 0 before the first step
 * @param loss mean loss of that epoch up to there, in nats a token; null where the generation does not tell: at an
 *     epoch's end only the best loss is kept
 */
public record AnsweringCheckpoint(String name, int epoch, Double loss) {

    static AnsweringCheckpoint of(Generation generation) {
        TrainerState state = generation.state();
        TrainerState.LossSum sum = state.loss();
        if (sum != null && sum.tokens() > 0) {
            return new AnsweringCheckpoint(generation.name(), state.position().epoch() + 1, sum.sum() / sum.tokens());
        }
        TrainerState.Best best = state.best();
        boolean bestIsLast = best != null && best.epoch() == state.lastEpoch();
        return new AnsweringCheckpoint(generation.name(), state.lastEpoch() + 1, bestIsLast ? best.loss() : null);
    }
}
