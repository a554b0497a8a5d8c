package perdure.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The flag that names a run. */
final class RunFolderFlag {
    @Option(
            names = "--checkpoints",
            paramLabel = "DIR",
            defaultValue = "checkpoints",
            description = "Run folder (default: ${DEFAULT-VALUE}).")
    Path checkpoints;
}
