package perdure.export;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import perdure.checkpoint.AtomicFiles;
import perdure.checkpoint.Checkpoint;

/**
 * The file from which Ollama makes a model of a GGUF file beside it: {@code ollama create NAME -f Modelfile}.
 *
 * <p>Ollama has templates of its own, in the syntax of Go, for the chat templates of published models that it knows by
 * heart. ChatML is written here; other templates are left to it.
 */
public final class Modelfile {

    private static final String USUAL_NAME = "Modelfile";

    /** As on the page: small models answer better with little chance. */
    private static final double TEMPERATURE = 0.3;

    private static final String CHATML = """
            {{- range .Messages }}<|im_start|>{{ .Role }}
            {{ .Content }}<|im_end|>
            {{ end }}<|im_start|>assistant
            """;

    private Modelfile() {}

    /**
     * Where it is for a GGUF file: {@code Modelfile} in its folder, or a file of a name of its own if that is for another
     * model.
     */
    public static Path beside(Path gguf) {
        Path usual = gguf.resolveSibling(USUAL_NAME);
        try {
            if (!Files.exists(usual) || Files.readString(usual).lines().anyMatch(from(gguf)::equals)) {
                return usual;
            }
        } catch (IOException unreadable) {
            // It is for something else.
        }
        return gguf.resolveSibling(gguf.getFileName().toString().replaceFirst("\\.gguf$", "") + "." + USUAL_NAME);
    }

    private static String from(Path gguf) {
        return "FROM \"./" + gguf.getFileName() + "\"";
    }

    /** Writes the one of a GGUF file. An existing one is replaced. */
    public static void write(Path file, Path gguf, Checkpoint checkpoint) {
        byte[] text = text(file, gguf, checkpoint).getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(file, channel -> channel.write(ByteBuffer.wrap(text)));
    }

    private static String text(Path file, Path gguf, Checkpoint checkpoint) {
        ModelFiles files = new ModelFiles(checkpoint.folder());
        String template = files.chatTemplates().getOrDefault(ModelFiles.DEFAULT_TEMPLATE, "");
        String stops = files.endsOfText().stream()
                .map(id -> "PARAMETER stop \"" + files.token(id) + "\"\n")
                .collect(Collectors.joining());
        return "# ollama create NAME -f " + file.getFileName() + "\n"
                + from(gguf) + "\n"
                + (template.contains("<|im_start|>") ? "TEMPLATE \"\"\"" + CHATML + "\"\"\"\n" : "")
                + stops
                + "PARAMETER num_ctx " + checkpoint.context() + "\n"
                + String.format(Locale.ROOT, "PARAMETER temperature %s%n", TEMPERATURE);
    }
}
