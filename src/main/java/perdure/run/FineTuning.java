package perdure.run;

import java.nio.file.Path;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.PretrainedFolder;
import perdure.checkpoint.Restart;
import perdure.model.ModelConfig;

/**
 * The model that a run begins with, in place of random weights.
 *
 * @param from a folder as Hugging Face's, a checkpoint, or a run folder; null: there is none
 * @param model its configuration; null while a run without one is resumed
 */
public record FineTuning(Path from, ModelConfig model) {

    static final FineTuning NONE = new FineTuning(null, null);

    /** Longest sequences, in tokens, if nothing else is asked for. */
    public static final int USUAL_CONTEXT = 1024;

    public static final double USUAL_LEARNING_RATE = 2e-5;

    /** @throws IllegalArgumentException with one line, if it is no model that can be trained */
    static FineTuning open(Path from) {
        return new FineTuning(from, pretrained(from).config());
    }

    /**
     * The model's folder. Its weights are not read yet.
     *
     * @throws IllegalArgumentException with one line, if it is no model that can be trained
     */
    static PretrainedFolder pretrained(Path from) {
        Path folder = Restart.hasWeights(from) ? Restart.find(from).checkpoint().folder() : from;
        return PretrainedFolder.open(folder);
    }

    /**
     * The same for a run that has checkpoints already, one of which has the model.
     *
     * @param checkpoint the newest that can be read, or null
     */
    FineTuning resumed(Path other, Checkpoint checkpoint) {
        boolean began = checkpoint != null
                && !RunIdentity.recorded(checkpoint.state().identity())
                        .values()
                        .get(RunIdentity.FROM)
                        .isEmpty();
        return new FineTuning(other, began ? checkpoint.config() : null);
    }

    /** Whether a run has a given model now that had none. */
    boolean isNew(FineTuning before) {
        return model != null && before.model == null;
    }

    int usualContext() {
        return Math.min(model.context(), USUAL_CONTEXT);
    }

    /** @throws IllegalArgumentException if more than the context of a given model would change */
    void requireOnlyContext(ModelShape before, ModelShape after) {
        if (model == null) {
            return;
        }
        if (!after.equals(before.context(after.context()))) {
            throw new IllegalArgumentException("The shape of the model is that of " + from + ".");
        }
        if (after.context() > model.context()) {
            throw new IllegalArgumentException("context " + after.context() + " is longer than the " + model.context()
                    + " tokens of the model in " + from + ".");
        }
    }
}
