package perdure.cli;

import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.run.BadInputException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IVersionProvider;

/** The command line: the subcommands, and how errors are told. */
@Command(
        name = "perdure",
        description = "Trains language models from Java and never loses its place.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Versions.class,
        subcommands = {
            TrainCommand.class,
            VerifyResumeCommand.class,
            ServeCommand.class,
            GenerateCommand.class,
            BenchCommand.class
        })
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    /** What the manifests of the jars say; loads no native code. */
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
        try {
            return execute(arguments);
        } catch (OutOfMemoryError problem) {
            LOG.debug("Failed.", problem);
            System.err.println("perdure: Out of memory (" + problem.getMessage() + "): java -Xmx gives Java more.");
            return ExitCode.SOFTWARE;
        }
    }

    private static int execute(String... arguments) {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .setParameterExceptionHandler((problem, unused) -> badInput(problem.getMessage()))
                .setExecutionExceptionHandler((problem, command, unused) -> explain(problem))
                .execute(arguments);
    }

    private static int explain(Throwable problem) {
        if (problem instanceof BadInputException badInput) {
            return badInput(Flags.message(badInput));
        }
        LOG.debug("Failed.", problem);
        System.err.println("perdure: " + firstLine(problem));
        return ExitCode.SOFTWARE;
    }

    private static int badInput(String message) {
        System.err.println("perdure: " + message.lines().findFirst().orElse(""));
        return ExitCode.USAGE;
    }

    /** libtorch's messages carry native stack frames after their first line. */
    private static String firstLine(Throwable problem) {
        String message = problem.getMessage();
        return message == null
                ? problem.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
