package perdure.run;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.bundled.BundledCorpus;
import perdure.checkpoint.CheckpointStore;
import perdure.data.Corpus;
import perdure.data.TrainingText;
import perdure.device.NativeConfig;
import perdure.device.Precision;
import perdure.status.TrainingStatus;
import perdure.train.SaveInterval;
import perdure.train.TrainingOptions;

/**
 * What a run is asked to do. It never changes: every method gives another one.
 *
 * <pre>{@code
 * RunConfig config = RunConfig.in(Path.of("checkpoints")).data(Path.of("my.txt")).epochs(10)
 *         .model(shape -> shape.layers(4).hiddenSize(128));
 * }</pre>
 *
 * <p>Every method throws an {@link IllegalArgumentException} that names the value, if that can be of no use.
 *
 * @param folder the run folder, which holds the checkpoints
 * @param text what is learnt
 * @param model its shape
 * @param optimization how the weights are learnt
 * @param length how long to train
 * @param saving when to save and what to keep
 * @param compute on what the arithmetic is done
 * @param listeners who is told of the run
 */
public record RunConfig(
        Path folder,
        Text text,
        ModelShape model,
        Optimization optimization,
        Length length,
        Saving saving,
        Compute compute,
        Listeners listeners) {

    private static final Logger LOG = LoggerFactory.getLogger(RunConfig.class);

    /**
     * Where the text comes from.
     *
     * @param data files and folders; none: the bundled conversations
     * @param validation held-out files and folders; none: a share of the data
     * @param validationFraction that share, at the end of the data
     */
    public record Text(List<Path> data, List<Path> validation, double validationFraction) {
        public static final Text DEFAULT = new Text(List.of(), List.of(), 0.1);

        public Text {
            data = List.copyOf(data);
            validation = List.copyOf(validation);
            if (!(validationFraction > 0 && validationFraction < 1)) {
                throw new IllegalArgumentException(
                        "validation fraction " + validationFraction + " is not between 0 and 1.");
            }
        }

        boolean isBundled() {
            return data.isEmpty();
        }

        /** The texts that are named; their files are looked at, not yet read. */
        TrainingText open(BundledCorpus bundled) {
            Corpus training = isBundled()
                    ? Corpus.conversations(bundled::conversations)
                    : BadInputException.naming("data", () -> Corpus.files(data));
            Corpus heldOut = validation.isEmpty()
                    ? null
                    : BadInputException.naming("validation", () -> Corpus.files(validation));
            return new TrainingText(training, heldOut, validationFraction);
        }
    }

    /**
     * How long to train.
     *
     * @param epochs the total to reach, not additional ones; 0 until it is said
     * @param stepsPerEpoch optimizer steps that cap an epoch; 0: the whole data once
     * @param maximumSteps optimizer steps in all after which the run stops; 0: none
     * @param seed of weights, data order and dropout
     */
    public record Length(int epochs, long stepsPerEpoch, long maximumSteps, long seed) {
        public static final Length DEFAULT = new Length(0, 0, 0, 1337);
    }

    /**
     * When to save.
     *
     * @param every how often inside an epoch; an epoch's end always saves
     * @param keep how many of the newest checkpoints stay, besides the best one
     * @param acceptChanges whether to go on, from an epoch's boundary, with other data or another batch geometry
     */
    public record Saving(SaveInterval every, int keep, boolean acceptChanges) {
        public static final Saving DEFAULT = new Saving(SaveInterval.parse("60s"), 2, false);

        public Saving {
            CheckpointStore.requireKept(keep);
        }
    }

    /**
     * On what the arithmetic is done.
     *
     * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:1}
     * @param precision of the forward pass
     * @param natives settings of libtorch and its libraries
     */
    public record Compute(String device, Precision precision, NativeConfig natives) {}

    /**
     * Who is told of the run, on the thread that trains.
     *
     * @param progress after every step, and whenever the state changes
     * @param messages sentences for people, one line each: what is resumed, warned of, done
     */
    public record Listeners(Consumer<TrainingStatus> progress, Consumer<String> messages) {}

    /** A run in that folder, with every default. */
    public static RunConfig in(Path folder) {
        return new RunConfig(
                folder,
                Text.DEFAULT,
                ModelShape.DEFAULT,
                Optimization.DEFAULT,
                Length.DEFAULT,
                Saving.DEFAULT,
                new Compute("auto", Precision.FP32, NativeConfig.standard()),
                new Listeners(status -> {}, LOG::info));
    }

    /** Text and JSON lines to learn from, files or folders; without a call the bundled conversations. */
    public RunConfig data(Path... paths) {
        return with(new Text(List.of(paths), text.validation, text.validationFraction));
    }

    /** Held-out text, files or folders. */
    public RunConfig validation(Path... paths) {
        return with(new Text(text.data, List.of(paths), text.validationFraction));
    }

    /** Share of the data, at its end, that is held out where there is no text of its own for it. */
    public RunConfig validationFraction(double fraction) {
        return with(new Text(text.data, text.validation, fraction));
    }

    /** The total number of epochs to reach, not additional ones. */
    public RunConfig epochs(int total) {
        TrainingOptions.requirePositive("epochs", total);
        return with(new Length(total, length.stepsPerEpoch, length.maximumSteps, length.seed));
    }

    /** Caps an epoch at so many optimizer steps. */
    public RunConfig stepsPerEpoch(long steps) {
        TrainingOptions.requirePositive("steps per epoch", steps);
        return with(new Length(length.epochs, steps, length.maximumSteps, length.seed));
    }

    /** Stops after so many optimizer steps in all. */
    public RunConfig maximumSteps(long steps) {
        TrainingOptions.requirePositive("maximum of steps", steps);
        return with(new Length(length.epochs, length.stepsPerEpoch, steps, length.seed));
    }

    /** Seed of weights, data order and dropout. */
    public RunConfig seed(long seed) {
        return with(new Length(length.epochs, length.stepsPerEpoch, length.maximumSteps, seed));
    }

    /** Changes the shape of the model. */
    public RunConfig model(UnaryOperator<ModelShape> change) {
        return new RunConfig(folder, text, change.apply(model), optimization, length, saving, compute, listeners);
    }

    /** Changes how the weights are learnt. */
    public RunConfig optimization(UnaryOperator<Optimization> change) {
        return new RunConfig(folder, text, model, change.apply(optimization), length, saving, compute, listeners);
    }

    /** How often to save inside an epoch; an epoch's end always saves. */
    public RunConfig checkpointEvery(SaveInterval interval) {
        return with(new Saving(interval, saving.keep, saving.acceptChanges));
    }

    /** How many of the newest checkpoints stay, besides the best one. */
    public RunConfig keep(int checkpoints) {
        return with(new Saving(saving.every, checkpoints, saving.acceptChanges));
    }

    /** Goes on, from an epoch's boundary, with other data or another batch geometry. */
    public RunConfig acceptChanges(boolean accept) {
        return with(new Saving(saving.every, saving.keep, accept));
    }

    /** {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:1}. */
    public RunConfig device(String name) {
        return with(new Compute(name, compute.precision, compute.natives));
    }

    /** Arithmetic of the forward pass. */
    public RunConfig precision(Precision precision) {
        return with(new Compute(compute.device, precision, compute.natives));
    }

    /** Threads of one tensor operation. */
    public RunConfig threads(int number) {
        return natives(compute.natives.withThreads(number));
    }

    /** Settings of libtorch and its libraries; most take effect only before it is loaded. */
    public RunConfig natives(NativeConfig settings) {
        return with(new Compute(compute.device, compute.precision, settings));
    }

    /** Told of the status after every step and whenever the state changes, on the thread that trains. */
    public RunConfig onProgress(Consumer<TrainingStatus> listener) {
        return with(new Listeners(listener, listeners.messages));
    }

    /** Given sentences for people, one line each, on the thread that trains; without a call they are logged. */
    public RunConfig onMessage(Consumer<String> listener) {
        return with(new Listeners(listeners.progress, listener));
    }

    private RunConfig with(Text other) {
        return new RunConfig(folder, other, model, optimization, length, saving, compute, listeners);
    }

    private RunConfig with(Length other) {
        return new RunConfig(folder, text, model, optimization, other, saving, compute, listeners);
    }

    private RunConfig with(Saving other) {
        return new RunConfig(folder, text, model, optimization, length, other, compute, listeners);
    }

    private RunConfig with(Compute other) {
        return new RunConfig(folder, text, model, optimization, length, saving, other, listeners);
    }

    private RunConfig with(Listeners other) {
        return new RunConfig(folder, text, model, optimization, length, saving, compute, other);
    }

    /** What the trainer is told. */
    TrainingOptions trainingOptions() {
        return new TrainingOptions(
                length.epochs,
                length.stepsPerEpoch,
                length.maximumSteps,
                optimization.batching(),
                optimization.rates(model.hiddenSize()),
                optimization.gradientClip(),
                saving.every,
                length.seed);
    }
}
