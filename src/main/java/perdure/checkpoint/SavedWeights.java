package perdure.checkpoint;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.safetensors.Safetensors;

/** The weights of a checkpoint, read one at a time, so that the model need not fit into memory. */
public final class SavedWeights {

    private final Path file;
    private final Map<String, List<Long>> shapes;

    SavedWeights(Checkpoint checkpoint) {
        this.file = checkpoint.folder().resolve(Checkpoint.WEIGHTS);
        this.shapes = Safetensors.shapes(file);
    }

    /** The shape of every weight, by Hugging Face name. */
    public Map<String, List<Long>> shapes() {
        return shapes;
    }

    /**
     * One weight as 32-bit floats on the CPU. It belongs to the caller's open {@link
     * org.bytedeco.javacpp.PointerScope}. Errors are those of {@link Safetensors#readConverted}.
     */
    public Tensor read(String name) {
        return read(file, name, shapes.get(name));
    }

    private static Tensor read(Path file, String name, List<Long> shape) {
        long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
        Tensor tensor = torch.empty(sizes, new TensorOptions(ScalarType.Float), new MemoryFormatOptional());
        Safetensors.readConverted(file, Map.of(name, tensor));
        return tensor;
    }
}
