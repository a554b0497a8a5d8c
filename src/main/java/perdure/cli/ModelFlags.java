package perdure.cli;

import perdure.model.ModelConfig;
import perdure.run.ModelShape;
import picocli.CommandLine.Option;

/** The flags that shape the model. */
final class ModelFlags {
    @Option(names = "--layers", paramLabel = "N", description = "Decoder layers (default: ${DEFAULT-VALUE}).")
    int layers = ModelShape.DEFAULT.layers();

    @Option(names = "--heads", paramLabel = "N", description = "Query heads (default: ${DEFAULT-VALUE}).")
    int heads = ModelShape.DEFAULT.heads();

    @Option(
            names = "--kv-heads",
            paramLabel = "N",
            description = "Key and value heads; fewer than --heads is grouped-query attention (default: --heads).")
    Integer keyValueHeads;

    @Option(names = "--hidden-size", paramLabel = "N", description = "Width of the model (default: ${DEFAULT-VALUE}).")
    int hiddenSize = ModelShape.DEFAULT.hiddenSize();

    @Option(
            names = "--intermediate-size",
            paramLabel = "N",
            description = "Inner width of the feed-forward (default: 8/3 of --hidden-size, rounded up to a multiple of "
                    + ModelConfig.INTERMEDIATE_MULTIPLE + ").")
    Integer intermediateSize;

    @Option(
            names = "--context",
            paramLabel = "N",
            description = "Longest sequence, in tokens (default: ${DEFAULT-VALUE}).")
    int context = ModelShape.DEFAULT.context();

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            description = "Tokens, without the three specials; 256 is pure bytes (default: ${DEFAULT-VALUE}).")
    int vocabularySize = ModelShape.DEFAULT.vocabularySize();

    /** The shape; the records check it. */
    ModelShape shape() {
        ModelShape shape = ModelShape.DEFAULT;
        shape = Flags.set("--layers", layers, shape::layers);
        shape = Flags.set("--heads", heads, shape::heads);
        shape = Flags.set("--kv-heads", keyValueHeads, shape, shape::keyValueHeads);
        shape = Flags.set("--hidden-size", hiddenSize, shape::hiddenSize);
        shape = Flags.set("--intermediate-size", intermediateSize, shape, shape::intermediateSize);
        shape = Flags.set("--context", context, shape::context);
        shape = Flags.set("--vocab-size", vocabularySize, shape::vocabularySize);
        ModelShape whole = shape;
        String together =
                hiddenSize + " --heads " + heads + (keyValueHeads == null ? "" : " --kv-heads " + keyValueHeads);
        Flags.set("--hidden-size", together, unused -> whole.config(whole.vocabularySize()));
        return whole;
    }
}
