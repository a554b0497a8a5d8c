package perdure.run;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.bundled.BundledCorpus;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.Origin;
import perdure.checkpoint.Restart;
import perdure.data.Corpus;
import perdure.data.PreparedFolder;
import perdure.data.Reading;
import perdure.data.Sequences;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.data.TrainingText;
import perdure.device.Devices;
import perdure.device.NativeConfig;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.distributed.Workers;
import perdure.distributed.WorkersLostException;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;
import perdure.status.TrainingStatus;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;
import perdure.train.Lanes;
import perdure.train.LearningRateSchedule;
import perdure.train.SaveInterval;
import perdure.train.TrainingOptions;
import perdure.train.TrainingOptions.Limits;
import perdure.train.TrainingOptions.Validation;

/**
 * The configuration of a run. It is immutable: every method returns a changed copy.
 *
 * <pre>{@code
 * RunConfig config = RunConfig.in(Path.of("checkpoints")).data(Path.of("my.txt")).epochs(10)
 *         .model(shape -> shape.layers(4).hiddenSize(128));
 * }</pre>
 *
 * <p>Every method throws an {@link IllegalArgumentException} that names the value, if the value cannot be used.
 *
 * @param text what to train on and to validate with
 * @param fineTuning the model that the run begins with, or none
 * @param model the shape of a new model; with fine-tuning, only its context counts, which is the length of sequences
 * @param optimization how the weights are trained
 * @param length how long to train
 * @param saving where and when to save and what to keep
 * @param compute device, precision and native settings
 * @param listeners who receives progress and messages
 */
public record RunConfig(
        Text text,
        FineTuning fineTuning,
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
     * @param data files and folders; empty: the bundled conversations
     * @param validation held-out files and folders; empty: a share of the data
     * @param validationFraction that share, of whole documents where there are enough
     * @param reading how the files are read
     * @param sequences how documents become rows, and which tokens the loss counts; of either null: what suits the
     *     documents
     * @param shuffleGroup shards of 2^27 tokens whose rows are mixed with each other, while the next rows are read; 0:
     *     each row comes from anywhere
     */
    public record Text(
            List<Path> data,
            List<Path> validation,
            double validationFraction,
            Reading reading,
            Sequences sequences,
            long shuffleGroup) {
        public static final Text DEFAULT =
                new Text(List.of(), List.of(), 0.1, Reading.DEFAULT, new Sequences(null, null), 0);

        public Text {
            data = List.copyOf(data);
            validation = List.copyOf(validation);
            if (!(validationFraction > 0 && validationFraction < 1)) {
                throw new IllegalArgumentException(
                        "validation fraction " + validationFraction + " is not between 0 and 1.");
            }
            requireNotNegative("shuffle group", shuffleGroup);
        }

        boolean isBundled() {
            return data.isEmpty();
        }

        /** The texts to train on and to validate with. Looks at their files, but does not yet read them. */
        TrainingText open(BundledCorpus bundled) {
            Corpus training = isBundled()
                    ? bundled.corpus()
                    : BadInputException.naming("data", () -> Corpus.files(data, reading));
            Corpus heldOut = validation.isEmpty()
                    ? null
                    : BadInputException.naming("validation", () -> Corpus.files(validation, reading));
            return new TrainingText(training, heldOut, validationFraction, true);
        }
    }

    /**
     * How long to train.
     *
     * @param epochs the total to reach, not additional ones; 0 until it is set
     * @param stepsPerEpoch optimizer steps after which an epoch ends; 0: an epoch is the whole data once
     * @param limits what ends a process before the run's end
     * @param seed of the initial weights, the data order and dropout
     * @param validation when to evaluate inside an epoch, on how much, and when to end early
     */
    public record Length(int epochs, long stepsPerEpoch, Limits limits, long seed, Validation validation) {
        public static final Length DEFAULT = new Length(0, 0, Limits.NONE, 1337, Validation.DEFAULT);
    }

    /**
     * Where and when to save.
     *
     * @param folder the run folder, which holds the checkpoints
     * @param every how often inside an epoch; the end of an epoch is always saved
     * @param keep how many of the newest checkpoints are kept, besides the best one
     * @param keepEvery the first checkpoint at or after each multiple of so many steps is kept as well; 0: none
     * @param acceptChanges whether to resume, at the end of an epoch, with other data, batch size, gradient
     *     accumulation, steps per epoch or seed
     * @param origin the checkpoint to start from
     */
    public record Saving(
            Path folder, SaveInterval every, int keep, long keepEvery, boolean acceptChanges, Origin origin) {

        public Saving {
            Objects.requireNonNull(folder, "folder");
            CheckpointStore.requireKept(keep);
        }

        static Saving in(Path folder) {
            return new Saving(folder, SaveInterval.parse("60s"), 2, 0, false, Origin.NEWEST);
        }
    }

    /**
     * Where and how to compute.
     *
     * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:1}
     * @param precision of the forward pass
     * @param recompute whether the backward pass computes the inside of each layer again, which saves memory
     * @param leaves into which a micro-batch is cut, each computed by one thread; 0: as many as suit its size and this
     *     machine
     * @param natives settings of libtorch and its libraries
     * @param workers the processes that train the run together
     */
    public record Compute(
            String device,
            Precision precision,
            boolean recompute,
            int leaves,
            NativeConfig natives,
            Workers.Options workers) {

        /**
         * The device of that name.
         *
         * @throws BadInputException if it is not there, or does not have the precision
         */
        Device on(String name) {
            Device found = BadInputException.naming("device", () -> Devices.resolve(name));
            return BadInputException.naming("precision", () -> precision.require(found));
        }

        Compute leaves(int number) {
            return new Compute(device, precision, recompute, number, natives, workers);
        }

        Compute natives(NativeConfig settings) {
            return new Compute(device, precision, recompute, leaves, settings, workers);
        }
    }

    /**
     * Who receives progress and messages, on the thread that trains. What a receiver throws ends the training without a
     * save, and {@link TrainingRun#train} throws it.
     *
     * @param progress receives the status after every step, and whenever the state changes
     * @param messages receives sentences for people, one line each: what was resumed, a warning, a result
     * @param lost receives, on another thread, that other processes are lost, if the one that trains cannot notice
     */
    public record Listeners(
            Consumer<TrainingStatus> progress, Consumer<String> messages, Consumer<WorkersLostException> lost) {

        public Listeners {
            Objects.requireNonNull(progress, "progress");
            Objects.requireNonNull(messages, "messages");
            Objects.requireNonNull(lost, "lost");
        }
    }

    private static final int MOST_LEAVES = 1024;

    /** A run in that folder, with the default of everything. */
    public static RunConfig in(Path folder) {
        return new RunConfig(
                Text.DEFAULT,
                FineTuning.NONE,
                ModelShape.DEFAULT,
                Optimization.DEFAULT,
                Length.DEFAULT,
                Saving.in(folder),
                new Compute("auto", Precision.FP32, false, 0, NativeConfig.standard(), Workers.Options.DEFAULT),
                new Listeners(status -> {}, LOG::info, lost -> LOG.error(lost.getMessage())));
    }

    /**
     * The run in that folder with the settings that its newest checkpoint recorded, the total of epochs and the paths of
     * its data included; the default of everything that was not recorded. Where there is no run, this is {@link #in}.
     *
     * @throws IllegalArgumentException if {@code current.meta.json} is not valid
     * @throws perdure.checkpoint.NewerFormatException if only a newer version can read the run
     */
    public static RunConfig resuming(Path folder) {
        Checkpoint newest = Restart.newest(folder);
        return newest == null ? in(folder) : Remembered.in(in(folder), newest);
    }

    /**
     * Starts from an earlier checkpoint, such as {@code step-40}, with the settings that it recorded. Its run goes back
     * to it, once: newer checkpoints are deleted, which needs {@link #acceptChanges}, unless {@link #branch} follows.
     *
     * @throws IllegalArgumentException if there is no such checkpoint
     */
    public static RunConfig resuming(Path folder, String checkpoint) {
        Origin origin = new Origin(null, checkpoint);
        String name = origin.start(folder);
        RunConfig config =
                name == null ? resuming(folder) : Remembered.in(in(folder), Restart.unverified(folder, name));
        return config.with(origin);
    }

    /**
     * Leaves the run as it is, and goes on in a new run folder that begins with a copy of the checkpoint. If that folder
     * holds a run already, this is that run with the settings that it recorded, so call this before you change any.
     */
    public RunConfig branch(Path newFolder) {
        RunConfig config = Restart.hasWeights(newFolder)
                ? resuming(newFolder)
                : with(new Saving(
                        newFolder, saving.every, saving.keep, saving.keepEvery, saving.acceptChanges, saving.origin));
        return config.with(new Origin(folder(), saving.origin.checkpoint()));
    }

    /**
     * Begins a new run with the weights, the tokenizer and the chat template of a model: a folder as Hugging Face's, a
     * checkpoint, or the newest checkpoint of another run. Sequences become as long as the model's context, up to {@value
     * FineTuning#USUAL_CONTEXT} tokens. A run that has checkpoints goes on from these.
     *
     * @throws IllegalArgumentException with one line, if it is no model that can be trained; only its weights are not
     *     read yet
     */
    public RunConfig from(Path source) {
        return with(
                Restart.hasWeights(folder())
                        ? fineTuning.resumed(source, Restart.newest(folder()))
                        : fineTuning.open(source));
    }

    /**
     * Trains low-rank adapters (LoRA) of the model that the run begins with, and leaves its weights as they are.
     * Checkpoints have the adapters alone, as PEFT's files.
     */
    public RunConfig lora(UnaryOperator<LoraConfig> change) {
        return with(fineTuning.lora(change));
    }

    /**
     * Trains the adapters in a folder on: PEFT's files, a checkpoint, or the newest checkpoint of another run. A run that
     * has checkpoints goes on from these.
     *
     * @throws IllegalArgumentException with one line, if they cannot be used
     */
    public RunConfig loraFrom(Path source) {
        return with(Restart.hasWeights(folder()) ? fineTuning.loraResumed(source) : fineTuning.loraFrom(source));
    }

    RunConfig with(FineTuning other) {
        ModelShape shape = other.isNew(fineTuning) ? ModelShape.DEFAULT.context(other.usualContext()) : model;
        return new RunConfig(text, other, shape, optimization, length, saving, compute, listeners);
    }

    private RunConfig with(Origin origin) {
        return with(
                new Saving(saving.folder, saving.every, saving.keep, saving.keepEvery, saving.acceptChanges, origin));
    }

    /**
     * Files or folders of text and JSON lines to train on, or a folder of prepared tokens, whose tokenizer the model then
     * has; if never called, the bundled conversations.
     */
    public RunConfig data(Path... paths) {
        int prepared = PreparedFolder.vocabularySize(List.of(paths));
        RunConfig sized = prepared == 0 || fineTuning.from() != null
                ? this
                : model(shape -> shape.vocabularySize(Math.max(ByteLevelBpeTrainer.BYTES, prepared)));
        return sized.with(new Text(
                List.of(paths),
                text.validation,
                text.validationFraction,
                text.reading,
                text.sequences,
                text.shuffleGroup));
    }

    /** Files or folders of held-out text to validate with. */
    public RunConfig validation(Path... paths) {
        return with(new Text(
                text.data, List.of(paths), text.validationFraction, text.reading, text.sequences, text.shuffleGroup));
    }

    /** Share of the data that is held out if there is no validation text: whole documents where there are enough. */
    public RunConfig validationFraction(double fraction) {
        return with(new Text(text.data, text.validation, fraction, text.reading, text.sequences, text.shuffleGroup));
    }

    /** Encoding of the text, such as {@code UTF-8} or {@code GBK}. */
    public RunConfig encoding(String name) {
        return with(text.reading.encoding(Reading.encoding(name)));
    }

    /** Leaves out, and counts, rows that cannot be used and bytes that are no text, instead of refusing them. */
    public RunConfig skipInvalid(boolean skip) {
        return with(text.reading.skipInvalid(skip));
    }

    /** What ends a document in files of plain text, such as {@code <|endoftext|>}; if never called, each is one. */
    public RunConfig documentSeparator(String separator) {
        return with(text.reading.separator(separator));
    }

    private RunConfig with(Reading reading) {
        return with(new Text(
                text.data, text.validation, text.validationFraction, reading, text.sequences, text.shuffleGroup));
    }

    /**
     * Reads text that is cut in groups of so many shards of 2^27 tokens, and mixes the rows of a group: for stores where
     * each place costs time to go to. 0: each row comes from anywhere.
     */
    public RunConfig shuffleGroup(long shards) {
        return with(
                new Text(text.data, text.validation, text.validationFraction, text.reading, text.sequences, shards));
    }

    /** How documents become rows; if never called, documents share rows if any of them is a conversation. */
    public RunConfig packing(Packing packing) {
        return with(new Sequences(packing, text.sequences.loss()));
    }

    /** Which tokens the loss counts; if never called, of conversations what the assistant says. */
    public RunConfig loss(Loss loss) {
        return with(new Sequences(text.sequences.packing(), loss));
    }

    private RunConfig with(Sequences sequences) {
        return with(new Text(
                text.data, text.validation, text.validationFraction, text.reading, sequences, text.shuffleGroup));
    }

    /** The total number of epochs to reach, not additional ones. */
    public RunConfig epochs(int total) {
        TrainingOptions.requirePositive("epochs", total);
        return with(new Length(total, length.stepsPerEpoch, length.limits, length.seed, length.validation));
    }

    /** Ends each epoch after so many optimizer steps. */
    public RunConfig stepsPerEpoch(long steps) {
        TrainingOptions.requirePositive("steps per epoch", steps);
        return with(new Length(length.epochs, steps, length.limits, length.seed, length.validation));
    }

    /** Stops after so many optimizer steps in all. */
    public RunConfig maximumSteps(long steps) {
        TrainingOptions.requirePositive("maximum of steps", steps);
        return limits(new Limits(steps, length.limits.deadline(), length.limits.badSteps()));
    }

    /** Stops so early that everything is saved at that moment. */
    public RunConfig deadline(Instant moment) {
        return limits(new Limits(length.limits.steps(), moment, length.limits.badSteps()));
    }

    /** How many optimizer steps of the run are skipped, and not taken, if their loss or gradient norm is not finite. */
    public RunConfig skipBadSteps(long steps) {
        return limits(new Limits(length.limits.steps(), length.limits.deadline(), steps));
    }

    private RunConfig limits(Limits other) {
        return with(new Length(length.epochs, length.stepsPerEpoch, other, length.seed, length.validation));
    }

    /** Seed of the initial weights, the data order and dropout. */
    public RunConfig seed(long seed) {
        return with(new Length(length.epochs, length.stepsPerEpoch, length.limits, seed, length.validation));
    }

    /** Evaluates inside an epoch as well, after so many optimizer steps each time; 0: no. */
    public RunConfig validateEvery(long steps) {
        requireNotNegative("validate every", steps);
        return validating(length.validation.every(steps));
    }

    /** Evaluates on so many batches of the validation text, from its beginning; 0: on all of it. */
    public RunConfig validationSteps(long batches) {
        requireNotNegative("validation steps", batches);
        return validating(length.validation.batches(batches));
    }

    /** Ends the run when so many evaluations in a row have not lowered the validation loss; 0: never. */
    public RunConfig patience(int evaluations) {
        requireNotNegative("patience", evaluations);
        return validating(length.validation.patience(evaluations));
    }

    /** Tells when the validation loss has risen in so many evaluations in a row; 0: never. */
    public RunConfig warnAfter(int evaluations) {
        requireNotNegative("warn after", evaluations);
        return validating(length.validation.warnAfter(evaluations));
    }

    private static void requireNotNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " " + value + " is not zero or a positive number.");
        }
    }

    private RunConfig validating(Validation validation) {
        return with(new Length(length.epochs, length.stepsPerEpoch, length.limits, length.seed, validation));
    }

    /**
     * Changes the shape of the model. A model that is fine-tuned has its shape already: only the context may change.
     */
    public RunConfig model(UnaryOperator<ModelShape> change) {
        ModelShape changed = change.apply(model);
        fineTuning.requireOnlyContext(model, changed);
        return new RunConfig(text, fineTuning, changed, optimization, length, saving, compute, listeners);
    }

    /** Changes how the weights are trained. */
    public RunConfig optimization(UnaryOperator<Optimization> change) {
        return new RunConfig(text, fineTuning, model, change.apply(optimization), length, saving, compute, listeners);
    }

    /** How often to save inside an epoch; the end of an epoch is always saved. */
    public RunConfig checkpointEvery(SaveInterval interval) {
        return with(new Saving(
                saving.folder, interval, saving.keep, saving.keepEvery, saving.acceptChanges, saving.origin));
    }

    /** How many of the newest checkpoints are kept, besides the best one. */
    public RunConfig keep(int checkpoints) {
        return with(new Saving(
                saving.folder, saving.every, checkpoints, saving.keepEvery, saving.acceptChanges, saving.origin));
    }

    /** Also keeps the first checkpoint at or after each multiple of so many steps; 0: none. */
    public RunConfig keepEvery(long steps) {
        requireNotNegative("keep every", steps);
        return with(new Saving(saving.folder, saving.every, saving.keep, steps, saving.acceptChanges, saving.origin));
    }

    /** Resumes, at the end of an epoch, with other data, batch size, gradient accumulation, steps per epoch or seed. */
    public RunConfig acceptChanges(boolean accept) {
        return with(new Saving(saving.folder, saving.every, saving.keep, saving.keepEvery, accept, saving.origin));
    }

    /** {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:1}. */
    public RunConfig device(String name) {
        return with(new Compute(
                name, compute.precision, compute.recompute, compute.leaves, compute.natives, compute.workers));
    }

    /** Arithmetic of the forward pass. */
    public RunConfig precision(Precision precision) {
        return with(new Compute(
                compute.device, precision, compute.recompute, compute.leaves, compute.natives, compute.workers));
    }

    /**
     * Keeps only the inputs of the layers for the backward pass, which runs each layer's forward pass again. That takes
     * less memory and more time, and gives the same bytes.
     */
    public RunConfig recompute(boolean layers) {
        return with(new Compute(
                compute.device, compute.precision, layers, compute.leaves, compute.natives, compute.workers));
    }

    /**
     * Trains together with other processes, each of which calls the same with its own rank. Only the first needs the run
     * folder.
     */
    public RunConfig workers(Workers.Options options) {
        return with(new Compute(
                compute.device, compute.precision, compute.recompute, compute.leaves, compute.natives, options));
    }

    /** CPU threads per tensor operation. */
    public RunConfig threads(int number) {
        return natives(compute.natives.withThreads(number));
    }

    /** Settings of libtorch and its libraries; most take effect only before it is loaded. */
    public RunConfig natives(NativeConfig settings) {
        return with(compute.natives(settings));
    }

    /**
     * The settings of libtorch. If they leave the number of threads open, a very small model gets one: its operations
     * are so short that a second thread only waits, and beside other busy processes each waits for the scheduler. Processes
     * on one machine share its cores.
     */
    NativeConfig natives() {
        if (compute.natives.intraOpThreads() != 0) {
            return compute.natives;
        }
        int together = compute.workers.launch().localWorld();
        return Lanes.leaves(products(), 2) == 1
                ? compute.natives.withThreads(1)
                : together == 1
                        ? compute.natives
                        : compute.natives.withThreads(Math.max(1, NativeRuntime.physicalCores() / together));
    }

    /** Multiplications of a forward pass of a micro-batch, about. */
    double products() {
        return Lanes.products(modelConfig(), optimization.batching().size(), model.context());
    }

    /** Into how many leaves a micro-batch is cut, at most one for each row. Another number gives other bytes. */
    public RunConfig leaves(int number) {
        if (number < 1 || number > MOST_LEAVES) {
            throw new IllegalArgumentException("leaves " + number + " is not a number from 1 to " + MOST_LEAVES + ".");
        }
        return with(compute.leaves(number));
    }

    /**
     * Into how many leaves a micro-batch is cut. Unless it was set, that follows from its rows and its work, and from
     * the cores of this machine. It does not follow from the number of threads, so that this makes no difference to the
     * bytes. A GPU takes the batch whole.
     */
    int leaves(String device) {
        int rows = optimization.batching().size();
        if (!device.equals("cpu")) {
            return 1;
        }
        return compute.leaves > 0 ? Lanes.evenly(rows, compute.leaves) : Lanes.leaves(products(), rows);
    }

    /** The threads that compute a step together. */
    Lanes lanes(String device) {
        return Lanes.of(leaves(device), torch.get_num_threads());
    }

    /** Receives the status after every step and whenever the state changes, on the thread that trains. */
    public RunConfig onProgress(Consumer<TrainingStatus> listener) {
        return with(new Listeners(listener, listeners.messages, listeners.lost));
    }

    /** Receives sentences for people, one line each, on the thread that trains; if never set, they are logged. */
    public RunConfig onMessage(Consumer<String> listener) {
        return with(new Listeners(listeners.progress, listener, listeners.lost));
    }

    /**
     * Receives, on a thread of its own, that other processes of the run are lost, if {@link TrainingRun#train} has not
     * ended by it within a second: it computes, or the network holds it, which nothing can interrupt.
     */
    public RunConfig onLost(Consumer<WorkersLostException> listener) {
        return with(new Listeners(listeners.progress, listeners.messages, listener));
    }

    /** The run folder, which holds the checkpoints. */
    public Path folder() {
        return saving.folder;
    }

    /**
     * The tokenizer of prepared tokens.
     *
     * @throws BadInputException if it is missing, or if the vocabulary is to have another size
     */
    Tokenizer preparedTokenizer() {
        Path folder = text.data.get(0);
        int size = PreparedFolder.vocabularySize(text.data);
        if (size != model.vocabularySize()) {
            throw new BadInputException(
                    "vocab size",
                    "vocab size " + model.vocabularySize() + " is not that of the tokens in " + folder + ", which is "
                            + size + ".");
        }
        return BadInputException.naming("data", () -> {
            Tokenizer tokenizer = PreparedFolder.tokenizer(folder);
            if (tokenizer == null) {
                throw new IllegalArgumentException(folder + " has tokens, but their tokenizer is missing.");
            }
            return tokenizer;
        });
    }

    /**
     * The model that is trained.
     *
     * @param ids of the tokenizer; a model that is fine-tuned has its own number
     */
    ModelConfig modelConfig(int ids) {
        return fineTuning.model() == null ? model.config(ids) : fineTuning.model();
    }

    /** The same, before the tokenizer is known. */
    ModelConfig modelConfig() {
        return modelConfig(model.vocabularySize());
    }

    /**
     * Number of parameters of the model that is trained, as far as the flags and a model to begin with tell.
     *
     * @throws BadInputException if there is no such model
     */
    public long parameterCount() {
        return modelConfig().parameterCount();
    }

    /** The learning rate schedule, before the length of the run is known. */
    LearningRateSchedule rates() {
        boolean fineTunes = fineTuning.model() != null;
        return optimization.rates(
                fineTunes ? fineTuning.usualLearningRate() : Optimization.RATE_TIMES_WIDTH / model.hiddenSize(),
                fineTunes);
    }

    private RunConfig with(Text other) {
        return new RunConfig(other, fineTuning, model, optimization, length, saving, compute, listeners);
    }

    private RunConfig with(Length other) {
        return new RunConfig(text, fineTuning, model, optimization, other, saving, compute, listeners);
    }

    private RunConfig with(Saving other) {
        return new RunConfig(text, fineTuning, model, optimization, length, other, compute, listeners);
    }

    private RunConfig with(Compute other) {
        return new RunConfig(text, fineTuning, model, optimization, length, saving, other, listeners);
    }

    private RunConfig with(Listeners other) {
        return new RunConfig(text, fineTuning, model, optimization, length, saving, compute, other);
    }

    /** The options of the trainer. */
    TrainingOptions trainingOptions() {
        return new TrainingOptions(
                length.epochs,
                length.stepsPerEpoch,
                length.limits,
                optimization.batching(),
                rates(),
                optimization.gradientClip(),
                length.validation,
                length.seed);
    }
}
