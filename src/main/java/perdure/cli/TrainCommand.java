package perdure.cli;

import java.util.concurrent.Callable;
import perdure.device.Malloc;
import perdure.run.ModelShape;
import perdure.run.Optimization;
import perdure.run.RunConfig;
import perdure.run.TrainingRun;
import perdure.server.ServedRun;
import perdure.server.ServerOptions;
import perdure.server.StatusServer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
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

    /** What the flags say; what can be refused by looking at them alone is refused. */
    RunConfig config() {
        RunConfig config = RunConfig.in(run.folder.checkpoints);
        config = Flags.set("--epochs", epochs, config::epochs);
        config = run.apply(data.apply(config));
        ModelShape model = shape.shape();
        Optimization learning = optimization.optimization();
        config = config.model(unchanged -> model).optimization(unchanged -> learning);
        return config.device(natives.device)
                .precision(natives.precision())
                .natives(natives.config())
                .onProgress(console::update)
                .onMessage(console::say);
    }

    @Override
    public Integer call() {
        RunConfig config = config();
        ServerOptions server = serving.options();
        try (TrainingRun training = TrainingRun.open(config)) {
            if (training.remainingEpochs() == 0) {
                training.train();
                return ExitCode.OK;
            }
            // Until here a signal ends the process at once: there is nothing to save.
            StopSignal signal = StopSignal.listen(training::stop);
            try (StatusServer started = noServer ? null : serve(server, training)) {
                return exitCode(training.train(), signal);
            }
        }
    }

    private StatusServer serve(ServerOptions options, TrainingRun training) {
        StatusServer server = serving.start(
                options,
                new ServedRun(
                        training.status(),
                        run.folder.checkpoints,
                        training.chat(),
                        training::stop,
                        Malloc::allocatedBytes));
        console.say("Watch it and chat with it: " + server.url());
        console.say("Status: " + server.url() + "/training/status");
        return server;
    }

    private int exitCode(TrainingRun.Outcome outcome, StopSignal signal) {
        switch (outcome) {
            case DONE -> console.say("Done. Chat with it: scripts/serve --checkpoints " + run.folder.checkpoints);
            case LIMIT -> console.say("Stopped at --max-steps " + run.maximumSteps + ".");
            case STOPPED -> console.say("Stopped. Run the same command again to resume.");
            case ALREADY_DONE -> {}
        }
        return outcome == TrainingRun.Outcome.STOPPED ? signal.exitCode() : ExitCode.OK;
    }
}
