package perdure.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import perdure.data.Fingerprint;
import perdure.safetensors.DamagedFileException;
import perdure.safetensors.Safetensors;
import perdure.safetensors.Safetensors.TensorInfo;

/**
 * The weight files in a Hugging Face folder: {@code model.safetensors}, or shards and their index. It does not know which
 * tensors a model has.
 */
final class PretrainedWeights {

    private static final String INDEX = "model.safetensors.index.json";

    /** How the few lines begin that a clone without its large files has in the place of each. */
    private static final String LFS_POINTER = "version https://git-lfs.";

    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, Path> files = new LinkedHashMap<>(); // by tensor name

    private PretrainedWeights() {}

    /**
     * Reads the headers of all weight files.
     *
     * @throws DamagedFileException if there are none, if one is missing, or if the index does not fit them
     */
    static PretrainedWeights open(Path folder) throws IOException {
        PretrainedWeights weights = new PretrainedWeights();
        Path single = folder.resolve(Checkpoint.WEIGHTS);
        if (DurableFiles.exists(single)) {
            weights.add(single);
            return weights;
        }
        Path index = folder.resolve(INDEX);
        if (!DurableFiles.exists(index)) {
            throw new DamagedFileException(folder, "has no " + Checkpoint.WEIGHTS + otherWeights(folder));
        }
        Map<String, String> shards = shards(index);
        for (String shard : new TreeSet<>(shards.values())) {
            if (!DurableFiles.exists(folder.resolve(shard))) {
                throw new DamagedFileException(index, "names " + shard + ", which is missing");
            }
            weights.add(folder.resolve(shard));
        }
        shards.forEach((name, shard) -> {
            if (!folder.resolve(shard).equals(weights.files.get(name))) {
                throw new DamagedFileException(
                        folder.resolve(shard), "there is no tensor \"" + name + "\", but " + INDEX + " names it");
            }
        });
        return weights;
    }

    private void add(Path file) throws IOException {
        DamagedFileException.requireFile(file);
        try (InputStream start = Files.newInputStream(file)) {
            byte[] bytes = start.readNBytes(LFS_POINTER.length());
            if (new String(bytes, StandardCharsets.ISO_8859_1).equals(LFS_POINTER)) {
                throw new DamagedFileException(file, "is a pointer of Git LFS, not the weights; download them first");
            }
        }
        Safetensors.tensors(file).forEach((name, tensor) -> {
            if (tensors.put(name, tensor) != null) {
                throw new DamagedFileException(
                        file, "tensor \"" + name + "\" is in " + files.get(name).getFileName() + " too");
            }
            files.put(name, file);
        });
    }

    /** The name of the file of each tensor, by the tensor's name. */
    private static Map<String, String> shards(Path index) throws IOException {
        JsonSettings map = JsonSettings.read(index)
                .object("weight_map")
                .orElseThrow(() -> new DamagedFileException(index, "has no weight_map"));
        Map<String, String> shards = new TreeMap<>();
        for (String name : map.keys()) {
            String shard = map.text(name, "");
            if (!isFileName(shard) || !shard.endsWith(".safetensors")) {
                throw map.refused(name, "which is not the name of a safetensors file in the same folder");
            }
            shards.put(name, shard);
        }
        return shards;
    }

    private static boolean isFileName(String name) {
        try {
            Path path = Path.of(name);
            return !path.isAbsolute() && path.getNameCount() == 1 && path.equals(path.normalize());
        } catch (InvalidPathException noPath) {
            return false;
        }
    }

    private static String otherWeights(Path folder) throws IOException {
        for (String other : List.of("pytorch_model.bin", "pytorch_model.bin.index.json")) {
            if (DurableFiles.exists(folder.resolve(other))) {
                return ", but " + other + ", which is not read; save the model as safetensors";
            }
        }
        return "";
    }

    /** Type and shape by name, in the order of the files. */
    Map<String, TensorInfo> tensors() {
        return tensors;
    }

    /** The file that has a tensor. */
    Path file(String tensor) {
        return files.get(tensor);
    }

    /** The SHA-256 of a tensor's bytes. */
    String sha256(String tensor) {
        Fingerprint fingerprint = Fingerprint.ofMuch();
        Safetensors.readBytes(file(tensor), tensor, fingerprint::add);
        return fingerprint.hex();
    }

    /** The SHA-256 of all files, one after the other in the order of their names. */
    String sha256() {
        Fingerprint fingerprint = Fingerprint.ofMuch();
        for (Path file : new TreeSet<>(files.values())) {
            try {
                fingerprint.add(file);
            } catch (IOException problem) {
                throw DurableFiles.failed(file, problem);
            }
        }
        return fingerprint.hex();
    }

    /** Reads the tensors of these names, and converts their elements to the types of the given ones. */
    void read(Map<String, Tensor> wanted) {
        Map<Path, Map<String, Tensor>> byFile = new TreeMap<>();
        wanted.forEach((name, tensor) -> byFile.computeIfAbsent(files.get(name), file -> new LinkedHashMap<>())
                .put(name, tensor));
        byFile.forEach(Safetensors::readConverted);
    }
}
