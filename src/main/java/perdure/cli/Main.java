package perdure.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch;
import perdure.device.Devices;
import perdure.device.NativeRuntime;
import perdure.distributed.WorkersLostException;
import perdure.run.BadInputException;
import perdure.train.Trainer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/** The command line: its subcommands, and how errors are reported. */
@Command(
        name = "perdure",
        customSynopsis = "perdure COMMAND [OPTIONS]",
        commandListHeading = "%nCommands:%n",
        description = "Trains language models in pure Java and never loses its place.",
        footer = {"", "perdure COMMAND --help explains every option of a command."},
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class)
public final class Main {
    static final String EXIT_CODES = "%nExit codes:%n";
    static final String FAILURE = "1:Failure: one line says which. -v prints the stack trace.";
    static final String BAD_INPUT = "2:Bad usage or bad input: one line names the flag or file. Nothing was written.";

    /** By name, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    /** libtorch's messages when memory has run out, on the CPU and on a GPU. */
    private static final Pattern NATIVE_MEMORY =
            Pattern.compile("not enough memory|can't allocate memory|out of memory", Pattern.CASE_INSENSITIVE);

    static {
        for (Class<?> command : List.of(
                PlanCommand.class,
                TokenizeCommand.class,
                TrainCommand.class,
                VerifyResumeCommand.class,
                ServeCommand.class,
                GenerateCommand.class,
                ExportCommand.class,
                BenchCommand.class)) {
            COMMANDS.put(command.getAnnotation(Command.class).name(), command);
        }
        if (System.getProperty(NativeRuntime.JAVACPP_LOADS) == null) {
            System.setProperty(NativeRuntime.JAVACPP_LOADS, "false");
        }
        Logging.use();
    }

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Print the stack trace of a failure.")
    private boolean verbose;

    /** The versions in the manifests of the jars; loads no native code. */
    static final class Versions implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String ours = Main.class.getPackage().getImplementationVersion();
            String libtorch = torch.class.getPackage().getImplementationVersion();
            return new String[] {
                "perdure " + (ours == null ? "(built from source)" : ours), "libtorch " + libtorch + " (Bytedeco)"
            };
        }
    }

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs one command and returns the exit code: 0 done, 1 failure, 2 bad usage or input, 128 + signal stopped. */
    public static int run(String... arguments) {
        Main main = new Main();
        try {
            return HelpSections.in(Flags.read(commandLine(main, arguments)))
                    .setCaseInsensitiveEnumValuesAllowed(true)
                    .setOverwrittenOptionsAllowed(true)
                    .setParameterExceptionHandler(
                            (problem, unused) -> badInput(usage(problem)).of(problem.getCommandLine()))
                    .setExecutionExceptionHandler((problem, command, parsed) ->
                            main.explain(problem, leaf(parsed)).of(command))
                    .execute(arguments);
        } catch (Error problem) {
            return main.explain(problem, null).print();
        }
    }

    /** With the command that the first argument names, else with all: each takes a while to be read. */
    static CommandLine commandLine(Main main, String... arguments) {
        CommandLine line = new CommandLine(main);
        Class<?> named = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
        if (named != null) {
            return line.addSubcommand(named);
        }
        COMMANDS.values().forEach(line::addSubcommand);
        return line;
    }

    /** The result of the subcommand that ran. */
    private static ParseResult leaf(ParseResult parsed) {
        return parsed.hasSubcommand() ? leaf(parsed.subcommand()) : parsed;
    }

    /** How a command ends that fails. */
    private record Ending(int code, List<String> lines) {

        int print() {
            lines.forEach(line -> System.err.println("perdure: " + line));
            return code;
        }

        /** The other ranks that train with a command hear of it. */
        int of(CommandLine command) {
            print();
            if (command.getCommand() instanceof TrainCommand train) {
                train.tellOthers(code, lines.get(0));
            }
            return code;
        }
    }

    private Ending explain(Throwable problem, ParseResult command) {
        if (problem instanceof WorkersLostException lost) {
            return new Ending(lost.exitCode(), List.of(lost.getMessage()));
        }
        if (problem instanceof BadInputException badInput) {
            return badInput(Flags.message(badInput, command));
        }
        if (verbose) {
            problem.printStackTrace(System.err);
        }
        return new Ending(ExitCode.SOFTWARE, failures(problem));
    }

    /** The failure and those that followed it, each in one line and once. */
    static List<String> failures(Throwable problem) {
        return Stream.concat(Stream.of(problem), Stream.of(problem.getSuppressed()))
                .map(Main::failure)
                .distinct()
                .toList();
    }

    /** The failure in one line. Of a lack of memory in another thread it is that, and not what it led to. */
    static String failure(Throwable problem) {
        for (Throwable cause = problem.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError) {
                return failure(cause);
            }
        }
        String message = firstLine(problem);
        if (problem instanceof Trainer.NotFiniteException) {
            return message + " The steps before it are saved. Run the same command with a lower --learning-rate or"
                    + " --grad-clip, or with --skip-bad-steps N, which leaves out up to N such steps.";
        }
        if (problem instanceof OutOfMemoryError && message.startsWith("Java heap")
                || message.startsWith("GC overhead")) {
            return "Out of Java memory (" + message + "). Give Java more with java -Xmx.";
        }
        if (message.startsWith(Devices.OUT_OF_MEMORY)) {
            return "Out of the GPU's memory (" + message + "). Of --batch-size with more --grad-accum, of --context and"
                    + " of --hidden-size smaller ones need less, and so do --recompute and --precision bf16.";
        }
        if (problem instanceof OutOfMemoryError && message.contains("native thread")) {
            return "No thread could be started (" + message
                    + "). Raise the limit of processes, threads or address space, as with ulimit -u or ulimit -v.";
        }
        if (problem instanceof OutOfMemoryError
                || NATIVE_MEMORY.matcher(message).find()) {
            return "Out of native memory (" + message
                    + "). A smaller --batch-size, --context or --hidden-size needs less.";
        }
        return message;
    }

    /** What is wrong with the arguments. Java reads them in the encoding of the locale. */
    private static String usage(CommandLine.ParameterException problem) {
        return problem.getMessage().contains("unmappable characters")
                ? "an argument has letters that the locale cannot express. Set LC_ALL=C.UTF-8."
                : problem.getMessage();
    }

    private static Ending badInput(String message) {
        return new Ending(ExitCode.USAGE, List.of(message.lines().findFirst().orElse("")));
    }

    /** The first line; libtorch's messages carry native stack frames after it. */
    private static String firstLine(Throwable problem) {
        String message = problem.getMessage();
        return message == null
                ? problem.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
