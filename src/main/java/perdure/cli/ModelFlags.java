package perdure.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import perdure.cli.HelpSections.Heading;
import perdure.model.ModelConfig;
import perdure.run.BadInputException;
import perdure.run.FineTuning;
import perdure.run.ModelShape;
import perdure.run.RunConfig;
import picocli.CommandLine.Option;

/** The flags that shape the model. */
@Heading("Model")
final class ModelFlags {
    @Option(
            names = "--from",
            paramLabel = "FOLDER",
            description =
                    "Fine-tunes a model: a new run begins with the weights, the tokenizer and the chat template of a"
                            + " Hugging Face folder, of a checkpoint, or of another run (default: random weights).")
    Path from;

    @Option(names = "--layers", paramLabel = "N", description = "Number of decoder layers (default: 3).")
    Integer layers;

    @Option(
            names = "--heads",
            paramLabel = "N",
            description = "Number of query heads. It must divide --hidden-size (default: 4).")
    Integer heads;

    @Option(
            names = "--kv-heads",
            paramLabel = "N",
            description = "Number of key and value heads. It must divide --heads; fewer than --heads is grouped-query"
                    + " attention (default: as many as --heads).")
    Integer keyValueHeads;

    @Option(names = "--hidden-size", paramLabel = "N", description = "Width of the model (default: 128).")
    Integer hiddenSize;

    @Option(
            names = "--intermediate-size",
            paramLabel = "N",
            description = "Inner width of the feed-forward layers (default: 8/3 of --hidden-size, rounded up to a"
                    + " multiple of "
                    + ModelConfig.INTERMEDIATE_MULTIPLE + ").")
    Integer intermediateSize;

    @Option(
            names = "--context",
            paramLabel = "N",
            description =
                    "Longest sequence that the model sees at once, in tokens (default: 128; with --from the model's"
                            + " own, up to "
                            + FineTuning.USUAL_CONTEXT + ").")
    Integer context;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            description = "Number of tokens that the tokenizer learns, without the three special ones. 256 trains on"
                    + " plain bytes (default: 1536).")
    Integer vocabularySize;

    /** The configuration with the values of the flags that were given; the records check them. */
    RunConfig apply(RunConfig config) {
        RunConfig begun = Flags.set("--from", from, config, config::from);
        ModelConfig given = begun.fineTuning().model();
        return given == null ? begun.model(this::shape) : withGivenModel(begun);
    }

    private RunConfig withGivenModel(RunConfig config) {
        Map<String, Integer> shape = new LinkedHashMap<>();
        shape.put("--layers", layers);
        shape.put("--heads", heads);
        shape.put("--kv-heads", keyValueHeads);
        shape.put("--hidden-size", hiddenSize);
        shape.put("--intermediate-size", intermediateSize);
        shape.put("--vocab-size", vocabularySize);
        shape.forEach((flag, value) -> {
            if (value != null) {
                throw new BadInputException(flag + " " + value + ": the shape of the model is that of --from "
                        + config.fineTuning().from() + ".");
            }
        });
        return Flags.set("--context", context, config, tokens -> config.model(sequences -> sequences.context(tokens)));
    }

    private ModelShape shape(ModelShape before) {
        ModelShape shape = before;
        shape = Flags.set("--layers", layers, shape, shape::layers);
        shape = Flags.set("--heads", heads, shape, shape::heads);
        shape = Flags.set("--kv-heads", keyValueHeads, shape, shape::keyValueHeads);
        shape = Flags.set("--hidden-size", hiddenSize, shape, shape::hiddenSize);
        shape = Flags.set("--intermediate-size", intermediateSize, shape, shape::intermediateSize);
        shape = Flags.set("--context", context, shape, shape::context);
        shape = Flags.set("--vocab-size", vocabularySize, shape, shape::vocabularySize);
        ModelShape whole = shape;
        String together = whole.hiddenSize() + " --heads " + whole.heads()
                + (whole.keyValueHeads() == 0 ? "" : " --kv-heads " + whole.keyValueHeads());
        Flags.set("--hidden-size", together, unused -> whole.config(whole.vocabularySize()));
        return whole;
    }
}
