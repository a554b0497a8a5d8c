package perdure.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import perdure.chat.ChatSession;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.MetaStore.ResumePlan;
import perdure.checkpoint.Restart;
import perdure.checkpoint.RunLock;
import perdure.checkpoint.TokenizerFiles;
import perdure.data.BatchLoader;
import perdure.data.Dataset;
import perdure.data.TrainingText;
import perdure.device.DeviceMigrator;
import perdure.device.Devices;
import perdure.device.NativeConfig;
import perdure.device.NativeRuntime;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.server.ServedRun;
import perdure.server.StatusServer;
import perdure.status.TrainingStatus;
import perdure.tokenizer.Tokenizer;
import perdure.train.AdamW;
import perdure.train.Evaluator;
import perdure.train.Learner;
import perdure.train.ProgressConsole;
import perdure.train.Reporter;
import perdure.train.RunWriter;
import perdure.train.StatusPublisher;
import perdure.train.Trainer;
import perdure.train.TrainingOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code train}: begins a run, carries it on, or says that there is nothing left to do. */
@Command(
        name = "train",
        description = {
            "Trains a language model. The same command carries on where a stopped run was, to the bit.",
            "Exit codes: 0 done or already done, 2 bad usage or input, 1 failure, 130/143 stopped after saving."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TrainCommand implements Callable<Integer> {
    @Option(
            names = "--epochs",
            required = true,
            paramLabel = "N",
            description =
                    "Total number of epochs to reach, not additional ones: after 4 of them, --epochs 10 trains 6.")
    int epochs;

    @Mixin
    DataFlags data;

    @Mixin
    RunFlags run;

    @Mixin
    ModelFlags shape;

    @Mixin
    OptimizationFlags optimization;

    @Mixin
    NativeFlags natives;

    @Mixin
    ServerFlags serving;

    @Option(names = "--no-server", description = "Serve nothing.")
    boolean noServer;

    private final ProgressConsole console = ProgressConsole.standard();
    private final AtomicReference<TrainingStatus> status = new AtomicReference<>();
    final StopSignal stop = new StopSignal();

    /** What can be refused is refused before anything is written. */
    @Override
    public Integer call() {
        TrainingOptions options = run.options(epochs, optimization, shape);
        optimization.check();
        NativeConfig nativeConfig = natives.config();
        natives.precision();
        shape.check();
        serving.options();
        TrainingText text = data.text();
        ResumePlan plan = new MetaStore(run.folder.checkpoints).plan(epochs);
        if (plan.remaining() == 0) {
            console.say(plan.message());
            return 0;
        }
        if (data.bundled()) {
            data.bundledCorpus.prepare();
        }
        // Until here a signal ends the process at once: there is nothing to save.
        NativeRuntime.load(nativeConfig);
        stop.listen();
        status.set(TrainingStatus.starting(plan.start() + 1, epochs));
        try (Device device = Devices.resolve(natives.device);
                ChatSession chat =
                        noServer ? null : new ChatSession(run.folder.checkpoints, ServerFlags.CHATS_WAITING, 1);
                StatusServer server = noServer ? null : serve(chat);
                Tokenizer learnt = Restart.hasWeights(run.folder.checkpoints) ? null : learnTokenizer(text);
                RunLock lock = RunLock.acquire(run.folder.checkpoints)) {
            return train(options, text, learnt, device);
        } catch (CancellationException stopped) {
            console.say("Stopped. The same command carries on.");
            return stop.exitCode();
        }
    }

    private StatusServer serve(ChatSession chat) {
        StatusServer server = StatusServer.start(
                serving.options(),
                new ServedRun(status, run.folder.checkpoints, chat, stop::request, Pointer::physicalBytes));
        String address = "http://" + serving.host + ":" + server.port();
        console.say("Watch it and chat with it: " + address);
        console.say("Status: " + address + "/training/status");
        return server;
    }

    private Tokenizer learnTokenizer(TrainingText text) {
        text.check(stop);
        Tokenizer tokenizer = Tokenizer.of(text.training().trainTokenizer(shape.vocabularySize, stop));
        text.requireEnough(shape.context, tokenizer, stop);
        return tokenizer;
    }

    /** @param learnt the tokenizer of a new run; null where the run folder has one */
    private int train(TrainingOptions options, TrainingText text, Tokenizer learnt, Device device) {
        Restart restart = Restart.find(run.folder.checkpoints);
        restart.warnings().forEach(console::say);
        ResumePlan plan = restart.plan(epochs);
        if (plan.remaining() == 0) {
            console.say(plan.message());
            return 0;
        }
        Checkpoint checkpoint = restart.checkpoint();
        try (Tokenizer tokenizer = checkpoint != null
                ? Tokenizer.read(checkpoint.folder())
                : learnt != null ? learnt : learnTokenizer(text)) {
            ModelConfig config = shape.config(tokenizer.vocabularySize());
            Identity identity = Identity.of(this, config, tokenizer, text, device);
            if (checkpoint != null) {
                identity.requireSame(checkpoint).forEach(console::say);
                text.requireEnough(shape.context, tokenizer, stop);
            }
            Dataset dataset = text.open(run.folder.checkpoints, tokenizer, stop);
            try (LanguageModel model = new LanguageModel(config, run.seed)) {
                model.dropout(optimization.dropout);
                DeviceMigrator.ensure(model, device);
                console.say(headline(dataset, model, device));
                return train(options, dataset, tokenizer, model, device, identity, restart);
            }
        }
    }

    private int train(
            TrainingOptions options,
            Dataset dataset,
            Tokenizer tokenizer,
            LanguageModel model,
            Device device,
            Identity identity,
            Restart restart) {
        int context = model.config().context();
        int batchSize = options.batch().size();
        SampleText sample = new SampleText(model, tokenizer, data.bundled(), stop);
        try (AdamW optimizer = new AdamW(model, optimization.adamW());
                BatchLoader batches = BatchLoader.shuffled(dataset.training(), context, batchSize, options.seed());
                BatchLoader heldOut = BatchLoader.sequential(dataset.validation(), context, batchSize);
                LossHistory history = LossHistory.open(run.folder.checkpoints, restart.position());
                RunWriter writer = new RunWriter(
                        CheckpointStore.open(run.folder.checkpoints, run.keep, history),
                        history,
                        options.saveInterval(),
                        TokenizerFiles.of(tokenizer),
                        identity.values())) {
            Learner learner = new Learner(model, optimizer, device, natives.precision());
            Evaluator evaluator = new Evaluator(heldOut, dataset.validationBytes());
            Reporter reporter = new Reporter(new StatusPublisher(status, run.folder.checkpoints), console, sample);
            Trainer trainer = new Trainer(options, learner, batches, evaluator, writer, reporter, stop);
            return switch (trainer.run(restart)) {
                case DONE -> {
                    console.say("Done. Chat with it: scripts/serve --checkpoints " + run.folder.checkpoints);
                    if (data.bundled()) {
                        console.say(sample.examResult(data.bundledCorpus));
                    }
                    yield 0;
                }
                case LIMIT -> {
                    console.say("Stopped at --max-steps " + options.maximumSteps() + ".");
                    yield 0;
                }
                case STOPPED -> {
                    console.say("Stopped. The same command carries on.");
                    yield stop.exitCode();
                }
            };
        }
    }

    private String headline(Dataset dataset, LanguageModel model, Device device) {
        return String.format(
                Locale.ROOT,
                "%,d parameters on %s; %,d tokens to train on, %,d to validate with.",
                model.config().parameterCount(),
                Devices.describe(device),
                dataset.training().predictions(),
                dataset.validation().predictions());
    }
}
