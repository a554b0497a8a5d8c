package perdure.cli;

import java.nio.file.Path;
import java.util.List;
import perdure.run.BadInputException;
import perdure.run.RunConfig;
import picocli.CommandLine.Option;

/** The flags that say what is learnt. */
final class DataFlags {
    @Option(
            names = "--data",
            paramLabel = "PATH",
            arity = "1..*",
            description = "Text (.txt), JSON lines (.jsonl with text or messages), or folders of them"
                    + " (default: the bundled conversations).")
    List<Path> data = List.of();

    @Option(
            names = "--validation",
            paramLabel = "PATH",
            arity = "1..*",
            description = "Held-out text, in the same forms.")
    List<Path> validation = List.of();

    @Option(
            names = "--validation-fraction",
            paramLabel = "F",
            description =
                    "Share of the data, at its end, that is held out where --validation is absent (default: 0.1).")
    Double validationFraction;

    /** The configuration with what these flags say. */
    RunConfig apply(RunConfig config) {
        if (validationFraction != null && !validation.isEmpty()) {
            throw new BadInputException("--validation and --validation-fraction exclude each other.");
        }
        RunConfig changed = config.data(data.toArray(Path[]::new)).validation(validation.toArray(Path[]::new));
        return Flags.set("--validation-fraction", validationFraction, changed, changed::validationFraction);
    }
}
