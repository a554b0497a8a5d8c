package perdure.cli;

import java.nio.file.Path;
import java.util.List;
import perdure.cli.HelpSections.Heading;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.run.BadInputException;
import perdure.run.RunConfig;
import picocli.CommandLine.Option;

/** The flags that say which text to train on and to validate with. */
@Heading("Data")
final class DataFlags {
    @Option(
            names = "--data",
            paramLabel = "PATH",
            arity = "1..*",
            description = "What to train on: files of text (.txt, .md), JSON (.jsonl, .ndjson, .json), tables (.csv,"
                    + " .tsv) or Parquet, compressed (.gz, .zst) or not, or folders of such files. Rows have text, messages,"
                    + " ShareGPT's conversations, or a prompt with its answer (default: the bundled conversations).")
    List<Path> data = List.of();

    @Option(
            names = "--validation",
            paramLabel = "PATH",
            arity = "1..*",
            description = "Files or folders of held-out text, in the same forms. They are evaluated at the end of"
                    + " each epoch and never trained on.")
    List<Path> validation = List.of();

    @Option(
            names = "--validation-fraction",
            paramLabel = "F",
            description = "Without --validation: the share of the data that is held out for validation (default: 0.1)."
                    + " It is drawn by the seed, whole documents of every file. Of a file that is one document it is"
                    + " the end.")
    Double validationFraction;

    @Option(
            names = "--encoding",
            paramLabel = "NAME",
            description = "Encoding of the text, such as UTF-16, ISO-8859-1 or GBK (default: UTF-8).")
    String encoding;

    @Option(
            names = "--skip-invalid",
            description = "Leaves out, and counts, rows that cannot be used and bytes that are no text. Without it they"
                    + " are refused.")
    boolean skipInvalid;

    @Option(
            names = "--document-separator",
            paramLabel = "TEXT",
            description =
                    "What ends a document in files of plain text, such as '<|endoftext|>' (default: each such file"
                            + " is one document).")
    String separator;

    @Option(
            names = "--pack",
            paramLabel = "documents|none",
            description = {
                "How text becomes sequences (default: documents if there are conversations, else none).",
                "documents: whole documents share a sequence; attention does not cross them.",
                "none: all text follows each other, and is cut."
            })
    Packing packing;

    @Option(
            names = "--loss",
            paramLabel = "assistant|all",
            description = {
                "What is learnt of conversations (default: assistant).",
                "assistant: what the assistant says.",
                "all: every token, as of plain text."
            })
    Loss loss;

    @Option(
            names = "--shuffle-group",
            paramLabel = "SHARDS",
            description =
                    "Reads text that is cut (--pack none) so many shards of 2^27 tokens at a time, in another order"
                            + " in each epoch, and mixes their sequences: for stores where each place costs time to go to"
                            + " (default: 0, each sequence comes from anywhere).")
    Long shuffleGroup;

    /** The configuration with the values of these flags. */
    RunConfig apply(RunConfig config) {
        if (validationFraction != null && !validation.isEmpty()) {
            throw new BadInputException("--validation and --validation-fraction exclude each other.");
        }
        RunConfig changed = data.isEmpty() ? config : config.data(data.toArray(Path[]::new));
        if (validationFraction != null || !validation.isEmpty()) {
            changed = changed.validation(validation.toArray(Path[]::new));
        }
        changed = Flags.set("--validation-fraction", validationFraction, changed, changed::validationFraction);
        changed = Flags.set("--encoding", encoding, changed, changed::encoding);
        changed = Flags.set("--document-separator", separator, changed, changed::documentSeparator);
        changed = skipInvalid ? changed.skipInvalid(true) : changed;
        changed = Flags.set("--shuffle-group", shuffleGroup, changed, changed::shuffleGroup);
        changed = packing == null ? changed : changed.packing(packing);
        return loss == null ? changed : changed.loss(loss);
    }
}
