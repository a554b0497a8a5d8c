package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import perdure.model.ModelConfig;
import perdure.safetensors.DamagedFileException;
import perdure.safetensors.Safetensors;

/**
 * One saved state of a run: an immutable folder, or a link to one, that is also a complete Hugging Face model. Every
 * byte was verified when it was opened. If adapters are trained, the folder is one of PEFT: it has the adapters, and
 * names their base, whose weights are not written again.
 */
public record Checkpoint(Path folder, ModelConfig config, TrainerState state) {

    public static final String CONFIG = "config.json";

    /** That of the base of adapters: where there is a config.json, transformers looks for the weights beside it. */
    static final String BASE_CONFIG = "base_config.json";

    static final String GENERATION_CONFIG = "generation_config.json";
    public static final String WEIGHTS = "model.safetensors";
    public static final String MOMENTS = "optimizer.safetensors";
    static final String STATE = "trainer_state.json";

    /** Name, in the state's identity, of the folder whose weights the run began with, and of their fingerprint. */
    public static final String FROM = "from";

    public static final String FROM_WEIGHTS = "from fingerprint";

    /** Name, in the state's identity, of the arithmetic of its products. */
    public static final String PRECISION = "precision";

    private static final List<String> REQUIRED = List.of(MOMENTS, STATE);

    /** Files that every version so far writes. The manifest lists them too, but may be damaged. */
    private static final Set<String> OURS = Set.of(
            CONFIG,
            GENERATION_CONFIG,
            WEIGHTS,
            AdapterConfig.FILE,
            AdapterConfig.WEIGHTS,
            BASE_CONFIG,
            MOMENTS,
            STATE,
            Manifest.FILE,
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "chat_template.jinja",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "tokenizer.model");

    /**
     * Opens a checkpoint. It verifies the size and SHA-256 of every file in the manifest, and reads all but the
     * tensors. Other files in the folder do no harm; see {@link #foreignFiles}.
     *
     * @throws DamagedFileException that names the file and what is wrong with it
     * @throws NewerFormatException if only a newer version can read it
     * @throws UncheckedIOException if a file cannot be read
     */
    public static Checkpoint open(Path folder) {
        try {
            if (!DurableFiles.isFolder(folder)) {
                throw new DamagedFileException(folder, "is missing");
            }
            Manifest manifest = Manifest.read(folder);
            REQUIRED.forEach(name -> requireListed(manifest, folder, name));
            if (manifest.files().containsKey(AdapterConfig.FILE)) {
                requireListed(manifest, folder, AdapterConfig.WEIGHTS);
                requireListed(manifest, folder, BASE_CONFIG);
            } else {
                requireListed(manifest, folder, WEIGHTS);
                requireListed(manifest, folder, CONFIG);
            }
            manifest.verify(folder);
            return read(folder);
        } catch (IOException problem) {
            throw DurableFiles.failed(folder, problem);
        }
    }

    private static void requireListed(Manifest manifest, Path folder, String name) {
        if (!manifest.files().containsKey(name)) {
            throw new DamagedFileException(folder.resolve(name), "is not in the manifest");
        }
    }

    /** Largest number of tokens that the model can look back on. */
    public int context() {
        return config.context();
    }

    /**
     * Reads what a checkpoint says of itself; empty if it cannot be read. It verifies nothing, so its weights must not be
     * used.
     */
    public static Optional<Checkpoint> unverified(Path folder) {
        try {
            return Optional.of(read(folder));
        } catch (IOException | UncheckedIOException | NewerFormatException unreadable) {
            return Optional.empty();
        }
    }

    /** The file with the model's configuration: that of a folder of adapters, else that of a model. */
    static Path config(Path folder) {
        Path base = folder.resolve(BASE_CONFIG);
        return AdapterConfig.isIn(folder) && Files.exists(base) ? base : folder.resolve(CONFIG);
    }

    /** Verifies nothing. */
    static Checkpoint read(Path folder) throws IOException {
        return new Checkpoint(folder, PretrainedConfig.read(config(folder)).model(), state(folder));
    }

    /** The names of all checkpoints in a run folder, newest first. They need not be whole. */
    public static List<String> names(Path runFolder) {
        try {
            return CheckpointName.list(runFolder).stream()
                    .map(CheckpointName::toString)
                    .toList();
        } catch (IOException problem) {
            throw DurableFiles.failed(runFolder, problem);
        }
    }

    /** The state in a checkpoint's folder. Verifies nothing else. */
    static TrainerState state(Path folder) throws IOException {
        return Json.read(folder.resolve(STATE), TrainerState.class);
    }

    /** Whether a checkpoint was saved when that epoch had just ended. Reads only its state and verifies nothing. */
    static boolean isEndOfEpoch(Path folder, int epoch) {
        try {
            TrainerState state = state(folder);
            return state.lastEpoch() == epoch && state.position().epochStep() == 0;
        } catch (IOException | DamagedFileException | NewerFormatException unreadable) {
            return false;
        }
    }

    /**
     * Names of files and folders in a checkpoint's folder that Perdure did not write: they are neither in its manifest
     * nor among the names of this version.
     *
     * @throws NewerFormatException if only a newer version can read the manifest
     */
    static List<String> foreignFiles(Path folder) throws IOException {
        Set<String> ours = new HashSet<>(OURS);
        try {
            ours.addAll(Manifest.read(folder).files().keySet());
        } catch (DamagedFileException unknown) {
            // Without a manifest, only the names of this version count.
        }
        return DurableFiles.list(folder).stream()
                .map(child -> child.getFileName().toString())
                .filter(name -> !ours.contains(name))
                .sorted()
                .toList();
    }

    /** Writes all files of a checkpoint, then its manifest, into a new folder. Forces the files and the folder. */
    static void write(Path folder, Snapshot snapshot, DurableFiles files) throws IOException {
        Files.createDirectory(folder);
        Map<String, DurableFiles.Content> contents = new LinkedHashMap<>();
        String config = snapshot.lora() == null ? CONFIG : BASE_CONFIG;
        put(contents, config, HuggingFaceConfig.config(snapshot.config(), snapshot.tokenizer()));
        put(contents, GENERATION_CONFIG, HuggingFaceConfig.generationConfig(snapshot.tokenizer()));
        snapshot.tokenizer().files().forEach((name, content) -> put(contents, name, content));
        put(contents, STATE, Json.prettyWithFormat(snapshot.state()));
        if (snapshot.lora() != null) {
            String base = snapshot.state().identity().getOrDefault(FROM, "");
            put(contents, AdapterConfig.FILE, new AdapterConfig(snapshot.lora(), base).toBytes());
        }
        contents.put(
                snapshot.lora() == null ? WEIGHTS : AdapterConfig.WEIGHTS,
                channel -> Safetensors.write(channel, snapshot.weights(), Map.of("format", "pt")));
        contents.put(MOMENTS, channel -> Safetensors.write(channel, snapshot.moments(), Map.of("format", "pt")));

        Map<String, Manifest.Entry> entries = new LinkedHashMap<>();
        for (Map.Entry<String, DurableFiles.Content> content : contents.entrySet()) {
            entries.put(content.getKey(), files.create(folder.resolve(content.getKey()), content.getValue()));
        }
        files.create(folder.resolve(Manifest.FILE), Manifest.of(entries).toBytes());
        files.forceFolder(folder, FaultPoint.FORCE_CHECKPOINT);
    }

    private static void put(Map<String, DurableFiles.Content> contents, String name, byte[] bytes) {
        contents.put(name, channel -> channel.write(ByteBuffer.wrap(bytes)));
    }

    /** Optimizer steps finished in all. */
    public long step() {
        return state.position().step();
    }

    /** Name of its folder in the run folder. */
    public String name() {
        return folder.getFileName().toString();
    }

    /** Whether the run that saved it multiplied in bf16. */
    public boolean trainedInBf16() {
        return "bf16".equals(state.identity().get(PRECISION));
    }

    /** Name of the file with what is trained: the weights, or the adapters. */
    public String trainedFile() {
        boolean adapters = AdapterConfig.isIn(folder) && !Files.exists(folder.resolve(WEIGHTS));
        return adapters ? AdapterConfig.WEIGHTS : WEIGHTS;
    }

    /**
     * Copies the whole model into the given tensors, by Hugging Face name. Adapters are merged with their base. Errors
     * are those of {@link Safetensors#readInto}.
     *
     * @throws IllegalArgumentException with one line, if the base is not there, or is no longer what it was
     */
    public void readWeights(Map<String, Tensor> weights) {
        if (trainedFile().equals(WEIGHTS)) {
            Safetensors.readInto(folder.resolve(WEIGHTS), weights);
            return;
        }
        AdapterConfig adapters = AdapterConfig.read(folder);
        base(adapters).readWeights(weights);
        try (PointerScope scope = new PointerScope()) {
            adapters.lora().merge(weights, Safetensors.read(folder.resolve(AdapterConfig.WEIGHTS)));
        }
    }

    /** The base, whose weights are those that the adapters were trained for. */
    private PretrainedFolder base(AdapterConfig adapters) {
        PretrainedFolder base = PretrainedFolder.open(Path.of(adapters.base()));
        if (!base.fingerprint().equals(state.identity().get(FROM_WEIGHTS))) {
            throw new IllegalArgumentException("The weights in " + adapters.base()
                    + " are not those that the adapters in " + folder + " were trained for.");
        }
        return base;
    }

    /**
     * Copies what the run trains into the given tensors, by name: the weights, or the adapters alone. Errors are those
     * of {@link Safetensors#readInto}.
     */
    public void readTrained(Map<String, Tensor> trained) {
        Safetensors.readInto(folder.resolve(trainedFile()), trained);
    }

    /**
     * The weights, to be read one at a time. Adapters are merged with their base.
     *
     * @throws IllegalArgumentException as {@link #readWeights}
     */
    public SavedWeights weights() {
        if (trainedFile().equals(WEIGHTS)) {
            return SavedWeights.of(folder.resolve(WEIGHTS));
        }
        AdapterConfig adapters = AdapterConfig.read(folder);
        return base(adapters).weights().merged(adapters.lora(), folder.resolve(AdapterConfig.WEIGHTS));
    }

    /**
     * The files that describe the model and its text, by the names that they have in a Hugging Face folder of the whole
     * model: all but the tensors and the state of the training.
     */
    public Map<String, Path> descriptions() {
        try {
            Path config = config(folder);
            return Manifest.read(folder).files().keySet().stream()
                    .filter(name -> !name.equals(STATE) && !name.equals(AdapterConfig.FILE))
                    .filter(name -> !name.endsWith(".safetensors"))
                    .map(folder::resolve)
                    .collect(Collectors.toMap(
                            file -> file.equals(config)
                                    ? CONFIG
                                    : file.getFileName().toString(),
                            file -> file));
        } catch (IOException problem) {
            throw DurableFiles.failed(folder, problem);
        }
    }

    /**
     * Copies the saved moments into the given tensors, by name; these may be those of some kinds. Errors are those of
     * {@link Safetensors#readInto}.
     */
    public void readMoments(Map<String, Tensor> moments) {
        Set<String> kinds = moments.keySet().stream().map(Checkpoint::kind).collect(Collectors.toSet());
        Safetensors.readInto(folder.resolve(MOMENTS), moments, name -> kinds.contains(kind(name)));
    }

    /** What the name of a moment begins with. */
    private static String kind(String moment) {
        return moment.replaceFirst("\\..*", "");
    }
}
