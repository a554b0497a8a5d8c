package perdure.run;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import perdure.chat.ChatAnswer;
import perdure.chat.ChatRequest;
import perdure.chat.ChatSession;
import perdure.chat.ChatUnavailableException;
import perdure.chat.Compute;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.DurableFiles;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.MetaStore.ResumePlan;
import perdure.checkpoint.Origin;
import perdure.checkpoint.Restart;
import perdure.checkpoint.RunLock;
import perdure.checkpoint.TokenizerFiles;
import perdure.data.BatchLoader;
import perdure.data.BatchLoader.Counted;
import perdure.data.Fingerprint;
import perdure.data.LearntTokenizer;
import perdure.data.Sequences;
import perdure.data.Sequences.Packing;
import perdure.data.TrainingText.Dataset;
import perdure.device.DeviceMigrator;
import perdure.device.Devices;
import perdure.device.GpuMeter;
import perdure.device.NativeRuntime;
import perdure.device.Processor;
import perdure.device.ResidentMemory;
import perdure.distributed.Launch;
import perdure.distributed.Workers;
import perdure.distributed.WorkersLostException;
import perdure.model.LanguageModel;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;
import perdure.status.RunFacts;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingStatus;
import perdure.status.WorkersStatus;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;
import perdure.train.Evaluator;
import perdure.train.Lanes;
import perdure.train.Learner;
import perdure.train.Optimizer;
import perdure.train.Reporter;
import perdure.train.RunWriter;
import perdure.train.ShardedAdamW;
import perdure.train.StatusPublisher;
import perdure.train.StopRequests;
import perdure.train.Trainer;
import perdure.train.TrainingOptions;

/**
 * One run, started or resumed. A resumed run continues from the checkpoint in its folder, exact to the last bit. This is
 * the front door for Java programs.
 *
 * <pre>{@code
 * RunConfig config = RunConfig.in(Path.of("checkpoints")).data(Path.of("my.txt")).epochs(10);
 * try (TrainingRun run = TrainingRun.open(config)) {
 *     run.train();
 *     System.out.println(run.ask("What is 7 plus 5?"));
 * }
 * }</pre>
 *
 * <p>It ends no process, handles no signal and configures no logging. {@link #train} uses the calling thread; all other
 * methods may be called from any thread. A process may train several runs one after the other, but not at the same time,
 * since libtorch has one random generator per process. Java loads native libraries for one class loader alone: where
 * programs are loaded again and again, as in application servers, Perdure belongs to a loader that stays. The
 * jar is for the class path: it has a class without a package, which the module path does not allow.
 */
public final class TrainingRun implements AutoCloseable {
    private static final AtomicBoolean TRAINING = new AtomicBoolean();

    /** What a save is expected to write before the first one is measured: that of a slow disk or network. */
    private static final double SAVED_BYTES_PER_SECOND = 50e6;

    /** What the first rank says when its tokens are in the run folder. */
    private static final String TOKENS_ARE_THERE = "tokens";

    /** Exit codes of other ranks, if this one ends; with a signal its number is added. */
    private static final int BAD_INPUT = 2;

    private static final int FAILURE = 1;
    private static final int SIGNALLED = 128;

    /** After so many steps a training has taken what memory it usually needs. */
    private static final int FEWEST_STEPS = 20;

    private RunConfig config;
    private final RunText text;
    private final ResumePlan plan;
    private final Restart completed;
    private final Origin origin;
    private final ChatSession chat;
    private final AtomicReference<TrainingStatus> status = new AtomicReference<>();
    private final StopRequests stop;
    private volatile boolean closed;
    private Workers workers = Workers.alone();
    private volatile String answering = "cpu"; // the device
    private RunLock lock; // null before the first rank has it, and on other ranks

    /** How {@link #train} ended. */
    public enum Outcome {
        /** All epochs are finished and saved. */
        DONE,
        /** All epochs were finished before: nothing was done, and no file was touched. */
        ALREADY_DONE,
        /** The maximum of steps was reached; everything is saved. */
        LIMIT,
        /** The validation loss has not fallen for as many evaluations as allowed; everything is saved. */
        OUT_OF_PATIENCE,
        /** The deadline is near; everything that was trained is saved. */
        DEADLINE,
        /** {@link #stop} was called, or the thread was interrupted; everything that was trained is saved. */
        STOPPED
    }

    private TrainingRun(RunConfig config) {
        this.config = config;
        stop = new StopRequests(config.length().limits().deadline());
        text = new RunText(config, status, this::isStopped);
        origin = config.saving().origin();
        if (launch().isFirst()) {
            requireConsentToGoBack();
            completed = BadInputException.naming("checkpoints", this::completed);
            plan = completed != null
                    ? completed.plan(config.length().epochs())
                    : BadInputException.naming(
                            "checkpoints",
                            () -> origin.plan(config.folder(), config.length().epochs()));
        } else {
            completed = null;
            plan = new ResumePlan(-1, config.length().epochs()); // until the first rank tells
        }
        if (plan.remaining() > 0) {
            if (launch().isFirst() && !Restart.hasWeights(origin.source(config.folder()))) {
                text.learnAhead();
            }
            BadInputException.checking(null, () -> NativeRuntime.begin(config.natives()));
            status.set(TrainingStatus.starting(plan.start() + 1, plan.epochs())
                    .withRun(RunFacts.of(config.folder().toString(), text.data())));
        }
        Compute answers = new Compute(1, null, bytes -> Devices.forAnswers(answering, bytes));
        chat = new ChatSession(config.folder(), ChatSession.USUAL_TOGETHER, ChatSession.USUAL_WAITING, answers, () -> {
            NativeRuntime.begin(config.natives());
            NativeRuntime.load();
        });
    }

    private Launch launch() {
        return config.compute().workers().launch();
    }

    private void requireConsentToGoBack() {
        List<String> deleted = BadInputException.naming("resume from", () -> origin.deletes(config.folder()));
        if (!deleted.isEmpty() && !config.saving().acceptChanges()) {
            throw BadInputException.needsConsent(
                    "resume from",
                    "resume from " + origin.checkpoint() + " would delete what is newer (" + String.join(", ", deleted)
                            + "): branch off into a new folder to keep it, or accept changes to go back.");
        }
    }

    /**
     * The restart of a run whose epochs are said to be finished already, in a checkpoint that is verified: if that is
     * damaged, an older one may leave epochs to train. Null if epochs remain, or if {@code current.meta.json} names no
     * checkpoint.
     */
    private Restart completed() {
        Path folder = config.folder();
        return origin.plan(folder, config.length().epochs()).remaining() > 0
                        || new MetaStore(origin.source(folder)).read().checkpoint() == null
                ? null
                : origin.find(folder);
    }

    /**
     * Opens a run. Refuses what can be refused without reading the text. Writes nothing. If something is left to train,
     * begins to load libtorch, for which {@link #train} waits.
     *
     * @throws BadInputException if a path or a value cannot be used
     * @throws perdure.checkpoint.Restart.NoGoodCheckpointException if the run is said to be finished, but none of its
     *     checkpoints is good
     */
    public static TrainingRun open(RunConfig config) {
        if (config.length().epochs() == 0) {
            throw new BadInputException(
                    "epochs",
                    "the number of epochs to reach is not given, and " + config.folder()
                            + " has no checkpoint that recorded it.");
        }
        config.fineTuning().requireBase();
        Packing asked = config.text().sequences().packing();
        RunText.requireGroups(config, asked == null && config.text().isBundled() ? Packing.DOCUMENTS : asked);
        BadInputException.naming(null, config::trainingOptions);
        Launch launch = config.compute().workers().launch();
        BadInputException.checking(null, () -> Workers.requireNetwork(launch));
        int world = launch.world();
        BadInputException.naming(
                "grad accum", () -> config.optimization().batching().share(world));
        if (config.optimization().adamW().sharded() && world > ShardedAdamW.MOST_RANKS) {
            throw new BadInputException(
                    "shard optimizer",
                    "shard optimizer is for " + ShardedAdamW.MOST_RANKS + " ranks at most, not for " + world + ".");
        }
        ModelShape.requireFits(BadInputException.naming("hidden size", () -> config.modelConfig()));
        boolean interrupted = Thread.interrupted(); // It would close the files that are read.
        try {
            return new TrainingRun(config);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * The newest status, which is immutable. The reference holds null only if nothing was left to train. A server reads
     * the status here.
     */
    public AtomicReference<TrainingStatus> status() {
        return status;
    }

    /**
     * The chat with the newest checkpoint, which also works while training goes on. It belongs to this run. Its first
     * answer waits for libtorch.
     */
    public ChatSession chat() {
        return chat;
    }

    /** Number of epochs that are left to train, by what the run folder says. */
    public int remainingEpochs() {
        return plan.remaining();
    }

    /**
     * Asks {@link #train} to finish the current step, save and return. Returns at once. While the last save is tried
     * again and again, for example because the disk is full, one more call gives that up.
     */
    public void stop() {
        stop.add();
    }

    /** The same, because of a signal with that number. */
    public void stop(int signal) {
        stop.add(signal);
    }

    /** Number of the signal that stopped the run first, whichever rank received it; that of TERM if none did. */
    public int stopSignal() {
        return stop.firstSignal();
    }

    /**
     * Trains to the last epoch, or until {@link #stop} is called or this thread is interrupted, and saves. After an
     * interrupt the thread is interrupted again when this returns.
     *
     * @throws BadInputException if the text cannot be used, if the run was made with other settings, or if its folder
     *     is in use or cannot be written; nothing was trained
     * @throws perdure.checkpoint.Restart.NoGoodCheckpointException if there are checkpoints, but none can be read
     * @throws perdure.distributed.WorkersLostException if another rank cannot go on; the first one has saved what it
     *     could
     * @throws IllegalStateException if training failed, for example with a loss that is not finite, or if the last save
     *     failed; earlier checkpoints are good
     */
    public Outcome train() {
        if (plan.remaining() == 0 && launch().world() == 1) {
            return alreadyDone();
        }
        if (!TRAINING.compareAndSet(false, true)) {
            throw new IllegalStateException("Another run is training in this process. Train one after the other.");
        }
        try {
            isStopped(); // An interrupt would close the first files.
            return trainTogether();
        } catch (CancellationException asked) {
            endBeforeTheFirstStep(State.STOPPED, null);
            return stopped();
        } catch (RuntimeException | Error failure) {
            endBeforeTheFirstStep(State.FAILED, RunWriter.describe(failure));
            if (launch().isFirst()) {
                origin.abandon(config.folder());
            }
            throw failure;
        } finally {
            TRAINING.set(false);
            if (stop.wasInterrupted()) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Outcome alreadyDone() {
        if (completed != null) {
            completed.warnings().forEach(this::say);
        }
        return alreadyDone(plan);
    }

    /** Whatever ends this rank before the run's end also ends the others. */
    private Outcome trainTogether() {
        if (launch().world() > 1) {
            BadInputException.checking(null, () -> NativeRuntime.load(config.natives()));
        }
        try (Workers joined = Workers.join(
                config.compute().workers(), this::isStopped, config.listeners().lost())) {
            workers = joined;
            try {
                Outcome outcome =
                        !launch().isFirst() ? follow() : plan.remaining() == 0 ? nothingLeft() : trainLocked();
                leave();
                return outcome;
            } catch (CancellationException asked) {
                joined.abort(stop.count() > 0 ? SIGNALLED + stop.firstSignal() : 0, "stopped before the first step.");
                throw asked;
            } catch (BadInputException bad) {
                joined.abort(BAD_INPUT, bad.getMessage());
                throw bad;
            } catch (RuntimeException | Error failure) {
                joined.abort(FAILURE, RunWriter.describe(failure));
                throw failure;
            }
        }
    }

    /** The others wait until everything is saved. */
    private void leave() {
        try {
            workers.leave();
        } catch (WorkersLostException lost) {
            if (workers.isFirst()) {
                say("Everything is saved.");
            }
            throw lost;
        }
    }

    private Outcome nothingLeft() {
        Beginning.tellDone(workers);
        return alreadyDone();
    }

    private Outcome trainLocked() {
        boolean isNew = !Restart.hasWeights(origin.source(config.folder()));
        if (isNew) {
            device().close(); // Of one that is not there, people hear before their text is read.
        }
        try (RunText.NewTokenizer learnt = isNew ? text.newTokenizer() : null;
                RunLock held = BadInputException.naming("checkpoints", () -> RunLock.acquire(config.folder()))) {
            lock = held;
            return train(learnt);
        }
    }

    /** Waits until libtorch is loaded. Of several processes on one machine each has a GPU of its own. */
    private Device device() {
        BadInputException.checking(null, () -> NativeRuntime.load(config.natives()));
        String name = config.compute().device();
        return config.compute().on(launch().world() == 1 ? name : Devices.ofProcess(name, launch().localRank()));
    }

    /** The trainer tells how a run ended that it has begun. */
    private void endBeforeTheFirstStep(State state, String message) {
        status.updateAndGet(last -> last != null && last.progress().state() == State.STARTING
                ? TrainingStatus.ended(state, message, plan.start(), plan.epochs())
                        .withRun(last.run())
                : last);
    }

    private Outcome alreadyDone(ResumePlan done) {
        say(done.message());
        return Outcome.ALREADY_DONE;
    }

    /**
     * Trains as the first rank, or the only one.
     *
     * @param learnt the tokenizer of a new run; null where the run folder has one
     */
    private Outcome train(RunText.NewTokenizer learnt) {
        BadInputException.checking("checkpoints", () -> CheckpointStore.tryOut(config.folder()));
        Restart restart = BadInputException.naming(null, () -> origin.find(config.folder()));
        restart.warnings().forEach(this::say);
        ResumePlan remaining = restart.plan(config.length().epochs());
        if (remaining.remaining() == 0) {
            Beginning.tellDone(workers);
            return alreadyDone(remaining);
        }
        Checkpoint checkpoint = restart.checkpoint();
        RunIdentity saved = checkpoint == null
                ? null
                : RunIdentity.recorded(checkpoint.state().identity());
        RunText.NewTokenizer fresh = checkpoint != null ? null : learnt != null ? learnt : text.newTokenizer();
        try (Device device = device();
                Tokenizer tokenizer = fresh == null ? Tokenizer.read(checkpoint.folder()) : fresh.tokenizer()) {
            ModelConfig shape = config.modelConfig(tokenizer.vocabularySize());
            String from = text.fingerprintOfFrom(saved);
            Restart started = restart;
            if (checkpoint != null) {
                text.asRecorded(saved);
                List<String> changes = identity(from, tokenizer, text.sequences(saved, false), device)
                        .requireSame(
                                saved,
                                config.saving().acceptChanges(),
                                checkpoint.state().position().epochStep() == 0);
                changes.forEach(this::say);
                requireSame(checkpoint.config(), shape);
                if (!changes.isEmpty()) { // Else it was found when the run began.
                    text.requireEnough(tokenizer);
                }
                sayWhereItStarts();
                started = BadInputException.naming("checkpoints", () -> origin.settle(config.folder(), restart, lock));
                LearntTokenizer.delete(config.folder());
            }
            Beginning.tell(
                    workers,
                    started,
                    tokenizer.files(shape.context()),
                    config.leaves(device.str().getString()),
                    lock.content());
            Dataset dataset = text.open(fresh, tokenizer, lock);
            workers.share(TOKENS_ARE_THERE);
            return train(started, saved, from, dataset, tokenizer, device);
        }
    }

    /** Trains as another rank than the first, which tells where the run begins. */
    private Outcome follow() {
        try (ScratchFolder scratch = new ScratchFolder()) {
            Beginning told = Beginning.hear(workers, scratch.path());
            if (told == null) {
                return Outcome.ALREADY_DONE;
            }
            config = config.leaves(told.leaves());
            Restart restart = told.restart();
            RunIdentity saved = restart.checkpoint() == null
                    ? null
                    : RunIdentity.recorded(restart.checkpoint().state().identity());
            if (saved != null) {
                text.asRecorded(saved);
            }
            try (Device device = device();
                    Tokenizer tokenizer = Tokenizer.read(told.tokenizer())) {
                String from = text.fingerprintOfFrom(saved);
                boolean sees = RunLock.isThatOf(config.folder(), told.lock());
                if (sees) { // The first rank's tokens are used.
                    workers.share(TOKENS_ARE_THERE);
                }
                Dataset dataset = text.open(sees ? config.folder() : scratch.path(), tokenizer);
                if (!sees) {
                    workers.share(TOKENS_ARE_THERE);
                }
                return train(restart, saved, from, dataset, tokenizer, device);
            }
        }
    }

    /** Trains as every rank does. */
    private Outcome train(
            Restart started, RunIdentity saved, String from, Dataset dataset, Tokenizer tokenizer, Device device) {
        Checkpoint checkpoint = started.checkpoint();
        ModelConfig shape = config.modelConfig(tokenizer.vocabularySize());
        Sequences sequences = text.sequences(saved, dataset.hasConversations());
        RunText.requireGroups(config, sequences.packing());
        RunIdentity identity = identity(from, tokenizer, sequences, device);
        Beginning.requireSame(workers, identity, config);
        if (checkpoint != null) {
            identity = identity.started(origin.branchOf() == null ? origin.checkpoint() : null, saved);
        }
        MemoryEstimate memory = MemoryEstimate.of(config, shape, ResidentMemory.bytes());
        LoraConfig lora = config.fineTuning().lora();
        boolean hasGiven = config.fineTuning().from() != null;
        boolean draws = checkpoint == null && (!hasGiven || lora != null);
        try (LanguageModel model =
                draws ? new LanguageModel(shape, lora, config.length().seed()) : LanguageModel.unset(shape, lora)) {
            if (hasGiven && (checkpoint == null || lora != null)) {
                BadInputException.checking("from", () -> text.pretrained().loadInto(model));
            }
            if (checkpoint == null) {
                BadInputException.checking(
                        "lora from", () -> config.fineTuning().readAdapters(model, from));
            }
            model.dropout(config.optimization().dropout());
            model.recompute(config.compute().recompute());
            DeviceMigrator.ensure(model, device);
            if (workers.isFirst()) {
                long bytes = bytesOfCheckpoint(config, shape, tokenizer);
                BadInputException.checking("checkpoints", () -> CheckpointStore.requireRoom(config.folder(), bytes));
                stop.expectSave(bytes / SAVED_BYTES_PER_SECOND);
                tell(new RunOutlook(config, shape, dataset, sequences, memory, bytes), device);
                if (checkpoint != null) {
                    warnOfOtherTokens(dataset.training().predictions());
                }
            }
            return train(started, dataset, sequences, tokenizer, model, device, identity);
        }
    }

    /** So nobody takes the end of the run for that of one that was never stopped. */
    private void warnOfOtherTokens(long now) {
        long before = StatusPublisher.lastTrainingTokens(config.folder());
        if (before != 0 && before != now) {
            say(String.format(
                    Locale.ROOT,
                    "Warning: the run had %,d training tokens until now. If you did not change what it reads, an earlier"
                            + " version left out the end of a text.",
                    before));
        }
    }

    private void tell(RunOutlook outlook, Device device) {
        say(outlook.data());
        say(outlook.model(device));
        String advice = outlook.advice(device, Processor.current());
        if (advice != null) {
            say(advice);
        }
        outlook.warnings(device).forEach(this::say);
    }

    private void sayWhereItStarts() {
        Path folder = config.folder();
        if (origin.branches(folder)) {
            say("Branching off " + origin.branchOf() + " into " + folder + ".");
        } else if (origin.branchOf() != null) {
            say(folder + " holds a run already, which goes on.");
        } else if (!origin.deletes(folder).isEmpty()) {
            say("Going back to " + origin.checkpoint() + "; the next save deletes "
                    + String.join(", ", origin.deletes(folder)) + ".");
        } else if (origin.checkpoint() != null && origin.start(folder) == null) {
            say("The run went back to " + origin.checkpoint() + " before, and goes on from there.");
        }
    }

    /** Also of what the run's identity does not record. */
    private static void requireSame(ModelConfig saved, ModelConfig asked) {
        if (!saved.equals(asked)) {
            throw new BadInputException("The model was " + saved + " when this run was saved and is " + asked
                    + " now: the weights do not fit; set it back, or use another run folder.");
        }
    }

    private RunIdentity identity(String from, Tokenizer tokenizer, Sequences sequences, Device device) {
        return RunIdentity.of(
                config,
                new RunIdentity.Found(
                        from,
                        Fingerprint.of(tokenizer),
                        text.text().training().fingerprint(this::isStopped),
                        text.text().validationFingerprint(this::isStopped),
                        text.text(),
                        sequences,
                        device.str().getString(), // what auto came to
                        torch.get_num_threads()));
    }

    private Outcome train(
            Restart restart,
            Dataset dataset,
            Sequences sequences,
            Tokenizer tokenizer,
            LanguageModel model,
            Device device,
            RunIdentity identity) {
        TrainingOptions options = config.trainingOptions();
        int context = config.model().context();
        int batchSize = options.batch().size();
        Consumer<TrainingStatus> publisher =
                publisher(restart.position().step(), device.str().getString());
        SampleText sample = new SampleText(model, tokenizer, dataset.hasConversations(), this::isStopped);
        Sequences validating = text.validating(dataset, sequences);
        Counted counted = text.counted(dataset, validating, tokenizer);
        try (Lanes lanes = config.lanes(device.str().getString());
                Optimizer optimizer = config.optimization().optimizer(model, lanes, workers);
                BatchLoader batches = BadInputException.naming("data", () -> BatchLoader.shuffled(
                                dataset.training(),
                                sequences,
                                context,
                                batchSize,
                                new BatchLoader.Shuffling(
                                        options.seed(), config.text().shuffleGroup()))
                        .ready(restart.position().epoch(), rowOf(restart)));
                BatchLoader heldOut = text.heldOut(dataset, validating);
                RunWriter writer = writer(restart, tokenizer, model, identity);
                Learner learner =
                        new Learner(model, optimizer, device, config.compute().precision(), lanes, workers)) {
            Evaluator evaluator =
                    new Evaluator(heldOut, counted, options.validation().batches());
            Reporter reporter = new Reporter(
                    publisher,
                    this::say,
                    workers.isFirst() ? sample : () -> "",
                    facts(dataset, model, device),
                    restart.checkpoint() == null
                            ? null
                            : RunIdentity.recorded(restart.checkpoint().state().identity())
                                    .rates(),
                    GpuMeter.of(device));
            Trainer trainer = new Trainer(options, learner, batches, evaluator, writer, reporter, stop);
            Trainer.Outcome ended;
            try {
                ended = trainer.run(restart);
            } catch (RuntimeException failure) {
                throw withSizes(failure, options.batch(), model);
            }
            if (workers.isFirst()) {
                LearntTokenizer.delete(config.folder()); // the checkpoint has it now
            }
            leave();
            return switch (ended) {
                case DONE -> {
                    if (config.text().isBundled() && workers.isFirst()) {
                        say(Exam.result(model, tokenizer, text.exam(), this::isStopped));
                    }
                    yield Outcome.DONE;
                }
                case LIMIT -> Outcome.LIMIT;
                case OUT_OF_PATIENCE -> Outcome.OUT_OF_PATIENCE;
                case STOPPED -> stopped();
            };
        }
    }

    /** The same failure; if it is that the GPU's memory has run out, with what takes it. */
    static RuntimeException withSizes(RuntimeException failure, TrainingOptions.Batching batch, LanguageModel model) {
        String start = Devices.OUT_OF_MEMORY;
        if (!Devices.ranOutOfMemory(failure)) {
            return failure;
        }
        IllegalStateException whole = new IllegalStateException(
                String.format(
                        Locale.ROOT,
                        "%s with batch size %d, context %d, %d layers, hidden size %d and vocabulary %d%s",
                        start,
                        batch.size(),
                        model.config().context(),
                        model.config().layers(),
                        model.config().hiddenSize(),
                        model.config().vocabularySize(),
                        failure.getMessage().substring(start.length())),
                failure);
        Stream.of(failure.getSuppressed()).forEach(whole::addSuppressed);
        return whole;
    }

    /** The first rank speaks for all. */
    private Consumer<TrainingStatus> publisher(long step, String device) {
        if (!workers.isFirst()) {
            return status::set;
        }
        WorkersStatus.Loss before = StatusPublisher.lastLoss(config.folder());
        StatusPublisher publisher = new StatusPublisher(status, config.folder(), lock, step);
        return published -> {
            TrainingStatus whole = published.withWorkers(
                    workersStatus(before, published.progress().position().step()));
            publisher.publish(whole);
            if (whole.progress().position().step() >= step + FEWEST_STEPS) {
                answering = device;
            }
            config.listeners().progress().accept(whole);
        };
    }

    /**
     * Null if this process trains alone.
     *
     * @param before the last loss of an earlier process
     */
    private WorkersStatus workersStatus(WorkersStatus.Loss before, long step) {
        WorkersLostException lost = workers.lost();
        return workers.world() == 1
                ? null
                : new WorkersStatus(
                        workers.world(),
                        launch().launcher(),
                        launch().attempt().number(),
                        workers.states().stream()
                                .map(state -> new WorkersStatus.Rank(
                                        state.rank(),
                                        state.host(),
                                        state.step(),
                                        state.heardSeconds(),
                                        state.waitSeconds()))
                                .toList(),
                        lost == null
                                ? before
                                : new WorkersStatus.Loss(
                                        lost.reason(), step, Instant.now().toString()));
    }

    private RunWriter writer(Restart restart, Tokenizer tokenizer, LanguageModel model, RunIdentity identity) {
        if (!workers.isFirst()) {
            return new RunWriter(identity.values(), stop);
        }
        DurableFiles files = lock.files();
        LossHistory history = LossHistory.open(config.folder(), restart.position(), files);
        return new RunWriter(
                CheckpointStore.open(config.folder(), config.saving().keep(), history, files)
                        .keepEvery(config.saving().keepEvery()),
                history,
                config.saving().every(),
                TokenizerFiles.of(tokenizer, model.config().context()),
                identity.values(),
                stop);
    }

    /** The row of the epoch that comes next; the first one if an earlier version did not record it. */
    private static long rowOf(Restart restart) {
        Long row = restart.position().epochRows();
        return row == null ? 0 : row;
    }

    private RunFacts facts(Dataset dataset, LanguageModel model, Device device) {
        return new RunFacts(
                config.folder().toString(),
                text.data(),
                dataset.training().predictions(),
                dataset.validation().predictions(),
                model.config().parameterCount(),
                device.str().getString(),
                torch.get_num_threads(),
                config.compute().precision().name().toLowerCase(Locale.ROOT));
    }

    /** What is trained and both moments as 32-bit numbers, and the tokenizer; the rest is small. */
    static long bytesOfCheckpoint(RunConfig config, ModelConfig model, Tokenizer tokenizer) {
        return 3 * Float.BYTES * config.fineTuning().trainedCount(model)
                + tokenizer.json().length();
    }

    private void say(String line) {
        config.listeners().messages().accept(line);
    }

    private Outcome stopped() {
        return stop.count() > 0 ? Outcome.STOPPED : Outcome.DEADLINE;
    }

    private boolean isStopped() {
        return stop.any();
    }

    /**
     * The answer of the newest checkpoint, taking the most likely token each time. The beginning of a question that is
     * longer than the context is left out; {@link #chat} tells how much.
     *
     * @throws ChatUnavailableException if nothing is saved yet
     * @throws IllegalStateException if the run is closed, also if that ends the answer
     */
    public String ask(String question) {
        ChatRequest request =
                ChatRequest.answer().message(ChatMessage.USER, question).build();
        try {
            ChatAnswer answer = chat().submit(request, piece -> {}).join();
            if (!answer.isCancelled()) {
                return answer.text();
            }
        } catch (CompletionException | ChatUnavailableException failed) {
            if (!closed) {
                throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
            }
        }
        throw new IllegalStateException("The run is closed.");
    }

    /** Frees the model that answers. Does not wait for {@link #train}: close after it has returned. */
    @Override
    public void close() {
        closed = true;
        chat.close();
    }
}
