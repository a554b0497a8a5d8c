package perdure.cli;

import java.nio.file.Path;
import perdure.cli.HelpSections.Heading;
import picocli.CommandLine.Option;

/** The flag that names the run folder. */
@Heading("Run")
final class RunFolderFlag {
    @Option(
            names = "--checkpoints",
            paramLabel = "DIR",
            defaultValue = "checkpoints",
            description = "Run folder: it holds the checkpoints (default: ${DEFAULT-VALUE}).")
    Path checkpoints;
}
