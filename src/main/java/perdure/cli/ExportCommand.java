package perdure.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import perdure.checkpoint.AtomicFiles;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.DurableFiles;
import perdure.checkpoint.Origin;
import perdure.checkpoint.Restart;
import perdure.checkpoint.SavedWeights;
import perdure.cli.HelpSections.Heading;
import perdure.device.NativeRuntime;
import perdure.export.GgufFile;
import perdure.export.GgufType;
import perdure.export.HuggingFaceFolder;
import perdure.export.Modelfile;
import perdure.run.BadInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code export}: writes a checkpoint in the format of other tools. */
@Command(
        name = "export",
        customSynopsis = "perdure export --format gguf|huggingface --output PATH [OPTIONS]",
        description = {
            "Writes a checkpoint of a run folder for other tools.",
            "gguf: one file for llama.cpp and what is built on it, and a Modelfile for Ollama beside it.",
            "huggingface: one folder with weights, configuration and tokenizer, without the state of the training."
        },
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:Done.", Main.FAILURE, Main.BAD_INPUT},
        mixinStandardHelpOptions = true,
        sortOptions = false)
@Heading("Export")
final class ExportCommand implements Callable<Integer> {
    private enum Format {
        GGUF,
        HUGGINGFACE
    }

    @Mixin
    RunFolderFlag folder;

    @Option(
            names = "--checkpoint",
            paramLabel = "STEP",
            description = "Checkpoint to export, such as step-0000000040 or step-40 (default: the newest).")
    String checkpoint;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "gguf|huggingface",
            description = "What to write: a GGUF file, or a Hugging Face folder.")
    Format format;

    @Option(
            names = "--type",
            paramLabel = "f32|f16|bf16|q8_0|q4_0",
            description = {
                "Type of the weights (default: f16 for gguf, f32 for huggingface).",
                "f32, f16, bf16: floats of 32 or 16 bits. huggingface takes f32 and bf16.",
                "q8_0, q4_0: 8 or 4 bits, with a scale for each 32 values; the length of every row must be a multiple"
                        + " of 32."
            })
    GgufType type;

    @Option(
            names = "--output",
            required = true,
            paramLabel = "PATH",
            description = "File of gguf, or folder of huggingface, to write.")
    Path output;

    @Option(names = "--overwrite", description = "Replaces what is at --output.")
    boolean overwrite;

    @Override
    public Integer call() {
        Flags.naming(() -> {
            NativeRuntime.load();
            return true;
        });
        Restart restart = Flags.naming(this::find);
        if (restart.checkpoint() == null) {
            throw new BadInputException("--checkpoints " + folder.checkpoints + " holds no trained model.");
        }
        restart.warnings().forEach(System.err::println);
        if (format == Format.GGUF) {
            writeGguf(restart.checkpoint());
        } else {
            writeFolder(restart.checkpoint());
        }
        return 0;
    }

    private Restart find() {
        return checkpoint == null
                ? Restart.find(folder.checkpoints)
                : Flags.set(
                        "--checkpoint",
                        checkpoint,
                        step -> Restart.from(folder.checkpoints, Origin.named("checkpoint", folder.checkpoints, step)));
    }

    private void writeGguf(Checkpoint source) {
        if (Files.isDirectory(output)) {
            throw new BadInputException("--output " + output + " is a folder; name a file in it, such as model.gguf.");
        }
        Path modelfile = Modelfile.beside(output);
        requireFree(output);
        requireFree(modelfile);
        String run =
                folder.checkpoints.toAbsolutePath().normalize().getFileName().toString();
        SavedWeights weights = Flags.naming(source::weights);
        GgufType chosen = Flags.set("--type", type == null ? GgufType.F16 : type, one -> {
            one.requireFits(weights.shapes());
            return one;
        });
        GgufFile file = Flags.naming(() -> new GgufFile(source, weights, chosen, run));
        requireRoom(file.size());
        Flags.naming(() -> {
            file.write(output);
            return file;
        });
        Modelfile.write(modelfile, output, source);
        told(source, file.size());
        System.out.println("For Ollama: ollama create NAME -f " + modelfile);
    }

    private void writeFolder(Checkpoint source) {
        SavedWeights weights = Flags.naming(source::weights);
        HuggingFaceFolder written = Flags.set(
                "--type", type == null ? GgufType.F32 : type, chosen -> new HuggingFaceFolder(source, weights, chosen));
        List<String> holds = Files.isDirectory(output) ? list(output) : null;
        List<String> foreign = holds == null ? List.of() : written.foreign(holds);
        if (!foreign.isEmpty()) {
            throw new BadInputException("--output " + output + " holds files that an export does not write: "
                    + String.join(", ", foreign) + ".");
        }
        if (holds == null || !holds.isEmpty()) {
            requireFree(output);
        }
        requireRoom(written.size());
        written.write(output);
        told(source, written.size());
    }

    private static List<String> list(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException problem) {
            throw new UncheckedIOException(folder + ": " + DurableFiles.cause(problem), problem);
        }
    }

    private void requireFree(Path path) {
        if (!overwrite && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new BadInputException("--output: " + path + " exists already. Add --overwrite to replace it.");
        }
    }

    private void requireRoom(long bytes) {
        Flags.set("--output", output, path -> {
            AtomicFiles.requireRoom(path, bytes);
            return path;
        });
    }

    private void told(Checkpoint source, long bytes) {
        System.out.printf(
                Locale.ROOT, "%s of %s: %s, %,.1f MB%n", source.name(), folder.checkpoints, output, bytes / 1e6);
    }
}
