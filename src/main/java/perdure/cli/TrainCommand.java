package perdure.cli;

import java.util.concurrent.Callable;
import perdure.checkpoint.MetaStore;
import perdure.cli.HelpSections.Heading;
import perdure.device.Malloc;
import perdure.device.ResidentMemory;
import perdure.distributed.Workers;
import perdure.run.BadInputException;
import perdure.run.RunConfig;
import perdure.run.TrainingRun;
import perdure.server.ServedRun;
import perdure.server.ServerOptions;
import perdure.server.StatusServer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code train}: begins a run, resumes it, or says that nothing is left to do. */
@Command(
        name = "train",
        customSynopsis = {"perdure train --epochs N [OPTIONS]", "perdure train --checkpoints DIR"},
        description = {
            "Trains a language model, or resumes a run that was stopped.",
            "Stop it at any time and run the same command again: the result is the same, to the last bit, as that of a"
                    + " run that was never stopped. A run remembers its flags, so --checkpoints alone resumes it too; a"
                    + " flag that is given again takes the place of the remembered one, where it may change."
        },
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:Done, or nothing was left to do.",
            Main.FAILURE,
            Main.BAD_INPUT,
            "75:Of several processes one is lost: start all of them again, and they go on.",
            "129, 130, 138, 143, 152:Stopped by HUP, Ctrl-C, USR1, TERM or XCPU, or by POST /training/stop (143)."
                    + " Everything that was trained is saved. USR2 belongs to the Java virtual machine and ends it."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class TrainCommand implements Callable<Integer> {
    @Heading("Run")
    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Total number of epochs to reach, not additional ones: after 4 epochs, --epochs 10 trains 6"
                    + " more. Required at a run's first start.")
    Integer epochs;

    @Mixin
    TrainingFlags flags;

    @Mixin
    RankFlags ranks;

    @Mixin
    ServerFlags serving;

    @Heading("Server")
    @Option(names = "--no-server", description = "Starts no server.")
    boolean noServer;

    private final ProgressConsole console = ProgressConsole.standard();

    /** Whether the run itself tells the other ranks how it ends. */
    private boolean meetsOthers;

    /** The configuration from the flags. Refuses what can be refused without reading a file. */
    RunConfig config() {
        boolean first = ranks.launch(System.getenv()).isFirst();
        RunConfig config = flags.run.remembered(first);
        config = Flags.set("--epochs", epochs, config, config::epochs);
        config = ranks.apply(flags.apply(config), System.getenv()).onLost(RankFlags::end);
        return first
                ? config.onProgress(console::update).onMessage(console::say)
                : config.onProgress(status -> {}).onMessage(line -> {});
    }

    @Override
    public Integer call() {
        RunConfig config = config();
        Launch.shareArena(config::parameterCount);
        boolean first = config.compute().workers().launch().isFirst();
        ServerOptions server = serving.options();
        try (TrainingRun training = TrainingRun.open(config)) {
            if (training.remainingEpochs() == 0) {
                meetsOthers = true;
                training.train();
                return ExitCode.OK;
            }
            TimeLimit limit = flags.run.timeLimit();
            if (limit.end() != null && first) {
                console.say(limit.message());
            }
            OwnClasses.load();
            // Before this line a signal ends the process at once: there is nothing to save.
            StopSignal.listen(training::stop);
            try (StatusServer started = noServer || !first ? null : serve(server, training)) {
                meetsOthers = true;
                TrainingRun.Outcome outcome = training.train();
                if (first) {
                    tell(outcome, training.status().get().progress().position().step());
                }
                return outcome == TrainingRun.Outcome.STOPPED
                        ? StopSignal.exitCode(training.stopSignal())
                        : ExitCode.OK;
            }
        }
    }

    /** Tells the other ranks that this one has ended before it met them, if it is known who they are. */
    void tellOthers(int exitCode, String line) {
        Workers.Options options = Workers.Options.DEFAULT;
        try {
            options = meetsOthers ? options : ranks.options(options, System.getenv());
        } catch (BadInputException thatIsWrong) {
            return;
        }
        Workers.tell(options, exitCode, line);
    }

    private StatusServer serve(ServerOptions options, TrainingRun training) {
        StatusServer server = serving.start(
                options,
                new ServedRun(
                        training.status(),
                        flags.run.folder(),
                        training.chat(),
                        training::stop,
                        Malloc::allocatedBytes,
                        ResidentMemory::bytes));
        console.say("Watch it and chat with it: " + serving.addresses(server));
        console.say("Status: " + server.url() + "/training/status");
        return server;
    }

    private void tell(TrainingRun.Outcome outcome, long step) {
        switch (outcome) {
            case DONE ->
                console.say("Done. Chat with it: scripts/serve --checkpoints "
                        + GivenFlags.quoted(flags.run.folder().toString()));
            case LIMIT ->
                console.say(
                        step > flags.run.maximumSteps
                                ? "Nothing was trained: the run is at step " + step + ", past --max-steps "
                                        + flags.run.maximumSteps + "."
                                : "Stopped at --max-steps " + flags.run.maximumSteps + ".");
            case OUT_OF_PATIENCE ->
                console.say("Stopped by --patience. The best checkpoint is "
                        + flags.run
                                .folder()
                                .resolve(
                                        new MetaStore(flags.run.folder()).read().bestCheckpoint())
                        + ". A larger --patience goes on.");
            case DEADLINE ->
                console.say("Stopped by " + flags.run.timeLimit().reason() + ". The same command carries on.");
            case STOPPED -> console.say("Stopped. Run the same command again to resume.");
            case ALREADY_DONE -> {}
        }
    }
}
