package perdure.export;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.checkpoint.AtomicFiles;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.DurableFiles;
import perdure.checkpoint.SavedWeights;
import perdure.safetensors.Safetensors;

/**
 * A checkpoint as a folder that Hugging Face's libraries open, with nothing else in it: weights, configuration and
 * tokenizer, without optimizer and state of the training.
 */
public final class HuggingFaceFolder {

    private static final String WEIGHTS = "model.safetensors";

    private final Checkpoint checkpoint;
    private final SavedWeights weights;
    private final GgufType type;

    /**
     * @param weights of the checkpoint
     * @param type of all weights
     * @throws IllegalArgumentException if it is none that Hugging Face's libraries train and load
     */
    public HuggingFaceFolder(Checkpoint checkpoint, SavedWeights weights, GgufType type) {
        if (type != GgufType.F32 && type != GgufType.BF16) {
            throw new IllegalArgumentException("a Hugging Face folder is written in f32 or bf16.");
        }
        this.checkpoint = checkpoint;
        this.weights = weights;
        this.type = type;
    }

    /** Size of the weights, in bytes. */
    public long size() {
        return weights.shapes().values().stream()
                .mapToLong(shape -> type.bytes(shape.stream().reduce(1L, Math::multiplyExact)))
                .sum();
    }

    /**
     * Writes the folder, whole or not at all. An existing one is replaced.
     *
     * @throws java.io.UncheckedIOException with one line, if it cannot be written
     */
    public void write(Path folder) {
        Map<String, DurableFiles.Content> contents = new LinkedHashMap<>();
        checkpoint
                .descriptions()
                .forEach((name, file) -> contents.put(
                        name,
                        channel -> channel.write(
                                ByteBuffer.wrap(name.equals(Checkpoint.CONFIG) ? config(file) : content(file)))));
        ScalarType scalarType = type == GgufType.F32 ? ScalarType.Float : ScalarType.BFloat16;
        contents.put(
                WEIGHTS,
                channel -> Safetensors.write(
                        channel,
                        weights.shapes(),
                        scalarType,
                        name -> converted(weights.read(name), scalarType),
                        Map.of("format", "pt")));
        AtomicFiles.writeFolder(folder, contents);
    }

    private static byte[] content(Path file) throws IOException {
        return Files.readAllBytes(file);
    }

    private byte[] config(Path file) throws IOException {
        return ModelFiles.withDtype(Files.readAllBytes(file), type == GgufType.F32 ? "float32" : "bfloat16");
    }

    private static Tensor converted(Tensor tensor, ScalarType type) {
        return tensor.scalar_type().intern() == type ? tensor : tensor.to(type);
    }

    /** Those of a folder's files that are not of such a model, which replacing the folder would lose. */
    public List<String> foreign(List<String> names) {
        Set<String> ours = checkpoint.descriptions().keySet();
        return names.stream()
                .filter(name -> !ours.contains(name) && !name.equals(WEIGHTS))
                .toList();
    }
}
