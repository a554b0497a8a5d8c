package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import perdure.model.ModelConfig;
import perdure.safetensors.DamagedFileException;
import perdure.safetensors.Safetensors;

/**
 * One saved state of a run, verified to the last byte when it was opened: an immutable folder that is also a complete
 * Hugging Face model.
 */
public record Checkpoint(Path folder, ModelConfig config, TrainerState state) {

    static final String CONFIG = "config.json";
    static final String GENERATION_CONFIG = "generation_config.json";
    public static final String WEIGHTS = "model.safetensors";
    public static final String MOMENTS = "optimizer.safetensors";
    static final String STATE = "trainer_state.json";

    private static final List<String> REQUIRED = List.of(CONFIG, WEIGHTS, MOMENTS, STATE);

    /** Files of every checkpoint so far; its manifest lists them all, but may be damaged. */
    private static final Set<String> OURS = Set.of(
            CONFIG,
            GENERATION_CONFIG,
            WEIGHTS,
            MOMENTS,
            STATE,
            Manifest.FILE,
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json");

    /**
     * Verifies size and SHA-256 of every file that the manifest lists, and reads all but the tensors. What else is in
     * the folder does no harm; see {@link #strangers}.
     *
     * @throws DamagedFileException naming the file and what is wrong with it
     * @throws NewerFormatException if only a newer version can read it
     * @throws UncheckedIOException if a file cannot be read
     */
    public static Checkpoint open(Path folder) {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new DamagedFileException(folder, "is missing");
        }
        try {
            Manifest manifest = Manifest.read(folder);
            for (String name : REQUIRED) {
                if (!manifest.files().containsKey(name)) {
                    throw new DamagedFileException(folder.resolve(name), "is not in the manifest");
                }
            }
            manifest.verify(folder);
            TrainerState state = Json.read(folder.resolve(STATE), TrainerState.class);
            return new Checkpoint(folder, HuggingFaceConfig.read(folder.resolve(CONFIG)), state);
        } catch (IOException problem) {
            throw new UncheckedIOException(folder + ": " + problem.getMessage(), problem);
        }
    }

    /** Whether a folder says that it was saved when that epoch had just ended; reads its state alone. */
    static boolean isEndOfEpoch(Path folder, int epoch) {
        try {
            TrainerState state = Json.read(folder.resolve(STATE), TrainerState.class);
            return state.lastEpoch() == epoch && state.position().epochStep() == 0;
        } catch (IOException | DamagedFileException | NewerFormatException unreadable) {
            return false;
        }
    }

    /**
     * Names in a checkpoint's folder that are neither in its manifest nor known as ours: someone else's files and
     * folders.
     *
     * @throws NewerFormatException if only a newer version knows what is its own
     */
    static List<String> strangers(Path folder) throws IOException {
        Set<String> ours = new HashSet<>(OURS);
        try {
            ours.addAll(Manifest.read(folder).files().keySet());
        } catch (DamagedFileException unknown) {
            // What no manifest vouches for is not taken for ours.
        }
        return DurableFiles.list(folder).stream()
                .map(child -> child.getFileName().toString())
                .filter(name -> !ours.contains(name))
                .sorted()
                .toList();
    }

    /** Writes all files of a checkpoint and then its manifest into a new folder, and forces them and the folder. */
    static void write(Path folder, Snapshot snapshot, DurableFiles files) throws IOException {
        Files.createDirectory(folder);
        Map<String, DurableFiles.Content> contents = new LinkedHashMap<>();
        put(contents, CONFIG, HuggingFaceConfig.config(snapshot.config(), snapshot.tokenizer()));
        put(contents, GENERATION_CONFIG, HuggingFaceConfig.generationConfig(snapshot.tokenizer()));
        snapshot.tokenizer().files().forEach((name, content) -> put(contents, name, content));
        put(contents, STATE, Json.prettyWithFormat(snapshot.state()));
        contents.put(WEIGHTS, channel -> Safetensors.write(channel, snapshot.weights(), Map.of("format", "pt")));
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

    /** Optimizer steps finished when it was saved. */
    public long step() {
        return state.position().step();
    }

    /** Of the folder in the run folder. */
    public String name() {
        return folder.getFileName().toString();
    }

    /** Fills the tensors of a model; see {@link Safetensors#readInto}. */
    public void readWeights(Map<String, Tensor> weights) {
        Safetensors.readInto(folder.resolve(WEIGHTS), weights);
    }

    /** Fills the moments of an optimizer; see {@link Safetensors#readInto}. */
    public void readMoments(Map<String, Tensor> moments) {
        Safetensors.readInto(folder.resolve(MOMENTS), moments);
    }
}
