package perdure.checkpoint;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.model.LoraConfig;
import perdure.safetensors.Safetensors;

/** The weights of a model on disk, read one at a time, so that the model need not fit into memory. */
public final class SavedWeights {

    private final Map<String, List<Long>> shapes;
    private final Consumer<Map<String, Tensor>> reader;

    /** @param reader copies the weights of these names into the given tensors, and converts their elements */
    SavedWeights(Map<String, List<Long>> shapes, Consumer<Map<String, Tensor>> reader) {
        this.shapes = shapes;
        this.reader = reader;
    }

    /** Those of one file. */
    static SavedWeights of(Path file) {
        return new SavedWeights(Safetensors.shapes(file), wanted -> Safetensors.readConverted(file, wanted));
    }

    /** The same with the adapters of a file merged. */
    SavedWeights merged(LoraConfig lora, Path file) {
        SavedWeights adapters = of(file);
        return new SavedWeights(shapes, wanted -> {
            reader.accept(wanted);
            try (PointerScope scope = new PointerScope()) {
                Map<String, Tensor> matrices = new LinkedHashMap<>();
                for (String weight : wanted.keySet()) {
                    String adapter = "." + weight.replaceFirst("\\.weight$", "") + ".lora_"; // a bias has none
                    adapters.shapes.keySet().stream()
                            .filter(name -> name.contains(adapter))
                            .forEach(name -> matrices.put(name, adapters.read(name)));
                }
                lora.merge(wanted, matrices);
            }
        });
    }

    /** The shape of every weight, by Hugging Face name. */
    public Map<String, List<Long>> shapes() {
        return shapes;
    }

    /**
     * One weight as 32-bit floats on the CPU. It belongs to the caller's open {@link PointerScope}. Errors are those of
     * {@link Safetensors#readConverted}.
     */
    public Tensor read(String name) {
        long[] shape = shapes.get(name).stream().mapToLong(Long::longValue).toArray();
        Tensor tensor = torch.empty(shape, new TensorOptions(ScalarType.Float), new MemoryFormatOptional());
        reader.accept(Map.of(name, tensor));
        return tensor;
    }
}
