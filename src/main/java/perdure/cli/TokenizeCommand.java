package perdure.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import perdure.cli.HelpSections.Heading;
import perdure.data.PreparedFolder.Sizes;
import perdure.data.Reading;
import perdure.data.Share;
import perdure.run.BadInputException;
import perdure.run.Preparation;
import perdure.tokenizer.ByteLevelBpeTrainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code tokenize}: makes the tokens of large data once, in one or in several processes. */
@Command(
        name = "tokenize",
        customSynopsis = "perdure tokenize --data PATH… --out DIR [--part I/N] [OPTIONS]",
        description = {
            "Makes the tokens of large data once, so that train --data DIR begins without reading the text.",
            "--part lets N processes make a part each, on one or on many machines that share DIR; the last one to end"
                    + " puts them together. The result is the same bytes for any N. A process that is killed goes on"
                    + " with the same command."
        },
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:Done. The last line says which parts are missing, or that all is finished.",
            Main.FAILURE,
            Main.BAD_INPUT
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
@Heading("Tokens")
final class TokenizeCommand implements Callable<Integer> {
    @Option(
            names = "--data",
            required = true,
            paramLabel = "PATH",
            arity = "1..*",
            description = "Files or folders of text, in the forms that train reads.")
    List<Path> data;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder for the tokens and the tokenizer. While parts are made it has everything twice.")
    Path out;

    @Option(
            names = "--part",
            paramLabel = "I/N",
            description = "Makes part I of N, such as 2/4 (default: all). All parts take the same other flags.")
    String part;

    @Option(
            names = "--from",
            paramLabel = "FOLDER",
            description =
                    "Takes the tokenizer of a Hugging Face folder, a checkpoint, a run or another DIR (default: the"
                            + " one in DIR; without --part it is learnt if there is none).")
    Path from;

    @Option(
            names = "--tokenizer-only",
            description = "Learns the tokenizer of DIR from --data, which may be a sample of it, and makes no tokens.")
    boolean tokenizerOnly;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            description = "Number of tokens that the tokenizer learns, without the three special ones (default: 1536).")
    Integer vocabularySize;

    @Option(names = "--encoding", paramLabel = "NAME", description = "Encoding of the text (default: UTF-8).")
    String encoding;

    @Option(names = "--skip-invalid", description = "Leaves out, and counts, what cannot be used, as train does.")
    boolean skipInvalid;

    @Option(
            names = "--document-separator",
            paramLabel = "TEXT",
            description = "What ends a document in files of plain text (default: each such file is one document).")
    String separator;

    @Option(
            names = "--shard-tokens",
            paramLabel = "N",
            description = "Tokens of a shard, a power of two (default: 134217728, which is 2^27).")
    Integer shardTokens;

    @Override
    public Integer call() {
        Reading reading = Flags.set(
                "--encoding", encoding, Reading.DEFAULT, name -> Reading.DEFAULT.encoding(Reading.encoding(name)));
        Reading separated = Flags.set("--document-separator", separator, reading, reading::separator);
        Sizes sizes = Flags.set(
                "--shard-tokens",
                shardTokens,
                Sizes.USUAL,
                tokens -> new Sizes(Sizes.USUAL.block(), Sizes.USUAL.section(), tokens));
        Share share = Flags.set("--part", part, null, Share::parse);
        if (vocabularySize != null
                && (vocabularySize < ByteLevelBpeTrainer.BYTES
                        || vocabularySize > ByteLevelBpeTrainer.MAXIMUM_VOCABULARY)) {
            throw new BadInputException("--vocab-size " + vocabularySize + " is not from " + ByteLevelBpeTrainer.BYTES
                    + " to " + ByteLevelBpeTrainer.MAXIMUM_VOCABULARY + ".");
        }
        if (from != null && (tokenizerOnly || vocabularySize != null)) {
            throw new BadInputException("--from " + from + " has a tokenizer: "
                    + (tokenizerOnly ? "--tokenizer-only" : "--vocab-size") + " is for one that is learnt.");
        }
        Preparation preparation = new Preparation(
                data,
                separated.skipInvalid(skipInvalid),
                out,
                share,
                from,
                vocabularySize == null ? 0 : vocabularySize,
                sizes,
                System.out::println);
        if (tokenizerOnly) {
            preparation.learn();
        } else if (preparation.make()) {
            System.out.println("Finished. Train on the tokens: scripts/train --data "
                    + GivenFlags.quoted(out.toString()) + " --epochs N");
        }
        return ExitCode.OK;
    }
}
