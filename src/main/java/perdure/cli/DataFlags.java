package perdure.cli;

import java.nio.file.Path;
import java.util.List;
import perdure.bundled.BundledCorpus;
import perdure.data.Corpus;
import perdure.data.TrainingText;
import picocli.CommandLine.Option;

/** The flags that say what is learnt. */
final class DataFlags {
    private static final double DEFAULT_FRACTION = 0.1;

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

    final BundledCorpus bundledCorpus = new BundledCorpus();

    boolean bundled() {
        return data.isEmpty();
    }

    /** The texts that the flags name; their files are looked at, not yet read. */
    TrainingText text() {
        if (validationFraction != null && !validation.isEmpty()) {
            throw new IllegalArgumentException("--validation and --validation-fraction exclude each other.");
        }
        double fraction = validationFraction == null ? DEFAULT_FRACTION : validationFraction;
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException("--validation-fraction " + fraction + " is not between 0 and 1.");
        }
        Corpus training = bundled() ? Corpus.conversations(bundledCorpus::conversations) : Corpus.files("--data", data);
        return new TrainingText(
                training, validation.isEmpty() ? null : Corpus.files("--validation", validation), fraction);
    }
}
