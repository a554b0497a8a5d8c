package perdure.run;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import perdure.checkpoint.AdapterConfig;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.PretrainedFolder;
import perdure.checkpoint.Restart;
import perdure.model.LanguageModel;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;
import perdure.tokenizer.Tokenizer;

/**
 * The model that a run begins with, in place of random weights.
 *
 * @param from a folder as Hugging Face's, a checkpoint, or a run folder; null: there is none
 * @param model its configuration; null while a run without one is resumed
 * @param lora the adapters that are trained in place of the model's weights; null: the weights are trained
 * @param loraFrom a folder with PEFT's files, a checkpoint, or a run folder, whose adapters the run begins with; null:
 *     with new ones
 */
public record FineTuning(Path from, ModelConfig model, LoraConfig lora, Path loraFrom) {

    static final FineTuning NONE = new FineTuning(null, null, null, null);

    /** Longest sequences, in tokens, if nothing else is asked for. */
    public static final int USUAL_CONTEXT = 1024;

    public static final double USUAL_LEARNING_RATE = 2e-5;

    /** Adapters begin at nothing, and need larger steps than weights. */
    public static final double USUAL_LORA_LEARNING_RATE = 2e-4;

    /** @throws IllegalArgumentException with one line, if it is no model that can be trained */
    FineTuning open(Path source) {
        return new FineTuning(source, pretrained(source).config(), lora, loraFrom).fitting();
    }

    /** @throws IllegalArgumentException with one line, if the adapters to begin with are of another base */
    private FineTuning fitting() {
        return loraFrom == null
                ? this
                : readable(() -> {
                    AdapterConfig.requireFits(newest(loraFrom), model);
                    return this;
                });
    }

    /**
     * The model's folder. Its weights are not read yet.
     *
     * @throws BadInputException with one line, if it is no model that can be trained
     */
    static PretrainedFolder pretrained(Path from) {
        return BadInputException.naming("from", () -> PretrainedFolder.open(newest(from)));
    }

    /**
     * The tokenizer of the model.
     *
     * @throws IllegalArgumentException with one line, if it cannot be read or has ids for which the model has no row
     */
    Tokenizer tokenizer(PretrainedFolder pretrained) {
        Tokenizer tokenizer = Tokenizer.read(pretrained.folder());
        int ids = tokenizer.vocabularySize();
        int rows = pretrained.config().vocabularySize();
        if (ids > rows) {
            tokenizer.close();
            throw new IllegalArgumentException("from " + from + ": its tokenizer.json has " + ids
                    + " ids, but vocab_size is " + rows + " in its config.json.");
        }
        return tokenizer;
    }

    /** The newest checkpoint of a run folder; any other folder itself. */
    static Path newest(Path folder) {
        return Restart.hasWeights(folder) ? Restart.find(folder).checkpoint().folder() : folder;
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
        return new FineTuning(other, began ? checkpoint.config() : null, lora, loraFrom);
    }

    /**
     * Trains adapters.
     *
     * @throws IllegalArgumentException if they are to be other ones than those of a folder that the run begins with
     */
    FineTuning lora(UnaryOperator<LoraConfig> change) {
        LoraConfig before = lora == null ? LoraConfig.DEFAULT : lora;
        LoraConfig after = change.apply(before);
        boolean same = after.rank() == before.rank()
                && after.alpha() == before.alpha()
                && after.targets().equals(before.targets());
        if (loraFrom != null && !same) {
            throw new IllegalArgumentException(
                    "Rank, alpha and targets are those of the adapters in " + loraFrom + ".");
        }
        return new FineTuning(from, model, after, loraFrom);
    }

    /**
     * Begins with the adapters of a folder, and with the base that they name if no other is given.
     *
     * @throws IllegalArgumentException with one line, if they cannot be used
     */
    FineTuning loraFrom(Path source) {
        Path checkpoint = newest(source);
        AdapterConfig adapters = readable(() -> AdapterConfig.read(checkpoint));
        FineTuning adapted = new FineTuning(from, model, adapters.lora(), checkpoint);
        if (from != null) {
            return adapted.fitting();
        }
        if (adapters.base().isEmpty() || !Files.isDirectory(Path.of(adapters.base()))) {
            throw new IllegalArgumentException("The adapters in " + source + " are of the base \"" + adapters.base()
                    + "\", which is no folder here: give the base's folder as well.");
        }
        return adapted.open(Path.of(adapters.base()));
    }

    /** The same for a run that has checkpoints already, which have the adapters. */
    FineTuning loraResumed(Path source) {
        return new FineTuning(from, model, lora == null ? LoraConfig.DEFAULT : lora, source);
    }

    /** @throws BadInputException if there are adapters and no model */
    void requireBase() {
        if (lora != null && from == null) {
            throw new BadInputException(
                    "lora", "lora trains adapters of a model that is there already: none is given to begin with.");
        }
        if (lora != null && AdapterConfig.isIn(newest(from))) {
            throw new BadInputException(
                    "from",
                    "from " + from + " has adapters, which cannot be the base of others: begin with these adapters, or"
                            + " export them merged with their base.");
        }
    }

    /** The very folder of the base, which the checkpoints of adapters name; a run folder goes on. */
    Path recorded() {
        return lora == null || from == null ? from : newest(from);
    }

    /** Whether the base of adapters is a checkpoint of a run, which may delete it. */
    boolean mayLoseItsBase() {
        if (lora == null || from == null) {
            return false;
        }
        Path base = recorded().toAbsolutePath();
        return Checkpoint.unverified(base).isPresent() && Restart.hasWeights(base.getParent());
    }

    /**
     * Reads the adapters that the run begins with, if these are not new.
     *
     * @param base fingerprint of the weights that the model has
     * @throws IllegalArgumentException with one line, if they are of another base
     */
    void readAdapters(LanguageModel model, String base) {
        if (loraFrom == null) {
            return;
        }
        Path folder = newest(loraFrom);
        Checkpoint.unverified(folder).map(Checkpoint::state).ifPresent(state -> {
            String trainedFor = state.identity().getOrDefault(RunIdentity.FROM_WEIGHTS, base);
            if (!trainedFor.equals(base)) {
                throw new IllegalArgumentException("The adapters in " + loraFrom + " are of other weights, those of "
                        + state.identity().get(RunIdentity.FROM) + ".");
            }
        });
        readable(() -> {
            AdapterConfig.readInto(folder, model.namedTrained());
            return folder;
        });
    }

    private static <T> T readable(Supplier<T> read) {
        try {
            return read.get();
        } catch (UncheckedIOException unusable) {
            throw new IllegalArgumentException(unusable.getMessage(), unusable);
        }
    }

    /** Number of values that are trained. */
    long trainedCount(ModelConfig model) {
        return lora == null
                ? model.parameterCount()
                : lora.tensorShapes(model).values().stream()
                        .mapToLong(shape -> shape.get(0) * shape.get(1))
                        .sum();
    }

    /** Puts what a run records of its adapters. */
    void record(Map<String, Object> values) {
        values.put("lora", lora != null);
        values.put("lora rank", lora == null ? "" : lora.rank());
        values.put("lora alpha", lora == null ? "" : lora.alpha());
        values.put("lora dropout", lora == null ? "" : lora.dropout());
        values.put("lora targets", lora == null ? "" : String.join(",", lora.targets()));
        values.put("lora base", lora == null ? "" : lora.bf16Base() ? "bf16" : "fp32");
        values.put("lora from", loraFrom == null ? "" : Remembered.paths(List.of(loraFrom)));
    }

    /** Whether a run has a given model now that had none. */
    boolean isNew(FineTuning before) {
        return model != null && before.model == null;
    }

    int usualContext() {
        return Math.min(model.context(), USUAL_CONTEXT);
    }

    double usualLearningRate() {
        return lora == null ? USUAL_LEARNING_RATE : USUAL_LORA_LEARNING_RATE;
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
            throw new IllegalArgumentException(
                    "context " + after.context() + " is longer than the " + model.context() + " tokens of the model in "
                            + from + " (" + pretrained(from).contextKey() + ").");
        }
    }
}
