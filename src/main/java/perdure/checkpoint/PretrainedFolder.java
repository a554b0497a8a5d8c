package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import perdure.data.Fingerprint;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.safetensors.DamagedFileException;
import perdure.safetensors.Safetensors.TensorInfo;

/**
 * A folder with a model that others trained, as the Hugging Face libraries write it: {@code config.json} and weights in
 * one file or in shards. Names and shapes of all tensors are checked when it is opened; their values are read by {@link
 * #loadInto} alone. A checkpoint of adapters will do as well: it is its base with the adapters merged. It does not know
 * tokenizers.
 */
public final class PretrainedFolder {

    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    /** Element types that are converted to float32 without loss. */
    private static final Set<String> WIDENED = Set.of("F32", "F16", "BF16");

    /** Buffers that older versions of transformers saved. The configuration says the same. */
    private static final String BUFFER =
            "model\\.(layers\\.\\d+\\.self_attn\\.)?rotary_emb\\.(inv_freq|original_inv_freq)";

    /** Largest number of tensors that a message names. */
    private static final int NAMED = 5;

    private final Path folder;
    private final PretrainedConfig config;
    private final Checkpoint adapted; // null if the folder has weights
    private final PretrainedWeights weights; // null if it has adapters

    private PretrainedFolder(Path folder) throws IOException {
        this.folder = folder;
        config = PretrainedConfig.read(Checkpoint.config(folder));
        adapted = AdapterConfig.isIn(folder) && Files.exists(folder.resolve(Checkpoint.STATE))
                ? Checkpoint.read(folder)
                : null;
        if (adapted != null) {
            AdapterConfig.requireFits(folder, config.model());
            weights = null;
            return;
        }
        weights = PretrainedWeights.open(folder);
        if (AdapterConfig.isIn(folder)) {
            throw new DamagedFileException(
                    folder, "has adapters beside the weights: merge them, or move them to a folder of their own");
        }
        Map<String, List<Long>> shapes = new LinkedHashMap<>(config.model().tensorShapes());
        boolean savesTiedHead =
                config.model().tiedEmbeddings() && weights.tensors().containsKey(HEAD);
        if (savesTiedHead) {
            shapes.put(HEAD, shapes.get(EMBEDDING));
        }
        requireShapes(shapes);
        if (savesTiedHead && !weights.sha256(EMBEDDING).equals(weights.sha256(HEAD))) {
            throw new DamagedFileException(
                    weights.file(HEAD),
                    "tensor \"" + HEAD + "\" differs from \"" + EMBEDDING + "\", but tie_word_embeddings is true");
        }
    }

    /**
     * Opens a folder.
     *
     * @throws IllegalArgumentException in one line, if there is no such model or if it is one that {@link
     *     perdure.model.LanguageModel} cannot compute
     * @throws UncheckedIOException if a file cannot be read
     */
    public static PretrainedFolder open(Path folder) {
        try {
            requireFolder(folder);
            return new PretrainedFolder(folder);
        } catch (DamagedFileException refused) {
            throw new IllegalArgumentException(refused.getMessage(), refused);
        } catch (IOException problem) {
            throw DurableFiles.failed(folder, problem);
        }
    }

    private static void requireFolder(Path folder) throws IOException {
        if (!DurableFiles.isFolder(folder)) {
            String name = folder.toString();
            throw new IllegalArgumentException(
                    DurableFiles.exists(folder)
                            ? name + " is a file; the model is a folder with config.json and model.safetensors."
                            : name + " is not a folder."
                                    + (name.matches("[\\w.-]+/[\\w.-]+")
                                            ? " If it is the name of a model on a hub, download the model first, and"
                                                    + " name the folder that it is in."
                                            : ""));
        }
        if (!DurableFiles.exists(Checkpoint.config(folder))) {
            throw new DamagedFileException(
                    folder,
                    DurableFiles.exists(folder.resolve("adapter_config.json"))
                            ? "has an adapter alone; name the folder of the model that it belongs to"
                            : "has no config.json, so there is no model in it");
        }
    }

    /** Requires exactly these names and shapes, and of what is left over that it does no harm. */
    private void requireShapes(Map<String, List<Long>> shapes) {
        Set<String> names = weights.tensors().keySet();
        requireNone("missing", shapes.keySet().stream().filter(name -> !names.contains(name)));
        requireNone(
                "not of such a model",
                names.stream().filter(name -> !shapes.containsKey(name) && !name.matches(BUFFER)));
        shapes.forEach((name, shape) -> {
            TensorInfo found = weights.tensors().get(name);
            if (!found.shape().equals(shape)) {
                throw new DamagedFileException(
                        weights.file(name), "tensor \"" + name + "\" is " + found.shape() + ", not " + shape);
            }
            if (!WIDENED.contains(found.type())) {
                throw new DamagedFileException(
                        weights.file(name),
                        "tensor \"" + name + "\" is " + found.type() + ", which is not one of F32, F16 and BF16");
            }
        });
    }

    private void requireNone(String problem, Stream<String> tensors) {
        List<String> names = tensors.toList();
        if (!names.isEmpty()) {
            throw new DamagedFileException(
                    folder,
                    (names.size() == 1 ? "1 tensor is " : names.size() + " tensors are ") + problem + ": "
                            + String.join(", ", names.subList(0, Math.min(names.size(), NAMED)))
                            + (names.size() > NAMED ? ", …" : ""));
        }
    }

    public Path folder() {
        return folder;
    }

    /** The model with the longest context that it has positions for and that its attention looks back on. */
    public ModelConfig config() {
        ModelConfig model = config.model();
        return config.window() == 0 ? model : model.withContext(Math.min(model.context(), config.window()));
    }

    /** The key of {@code config.json} that limits the context. */
    public String contextKey() {
        return config().context() < config.model().context() ? "sliding_window" : "max_position_embeddings";
    }

    /**
     * The SHA-256 of the weight files, one after the other in the order of their names; or of the adapters, if there are
     * any. Reads all of them.
     */
    public String fingerprint() {
        try {
            return adapted == null ? weights.sha256() : Fingerprint.of(folder.resolve(AdapterConfig.WEIGHTS));
        } catch (IOException problem) {
            throw DurableFiles.failed(folder, problem);
        }
    }

    /**
     * Copies the weights into a model of this configuration, one after the other, as its type of element.
     *
     * @throws IllegalArgumentException if a file has changed since it was opened, so that it no longer fits
     * @throws UncheckedIOException if a file cannot be read
     */
    public void loadInto(LanguageModel model) {
        try (PointerScope scope = new PointerScope()) {
            readWeights(model.namedTensors());
        }
    }

    /** The weights, to be read one at a time. */
    SavedWeights weights() {
        return adapted == null ? new SavedWeights(config.model().tensorShapes(), weights::read) : adapted.weights();
    }

    /** As {@link #loadInto}, into the tensors of a model by name. */
    void readWeights(Map<String, Tensor> tensors) {
        try {
            if (adapted == null) {
                weights.read(tensors);
            } else {
                adapted.readWeights(tensors);
            }
        } catch (DamagedFileException changed) {
            throw new IllegalArgumentException(changed.getMessage(), changed);
        }
    }
}
