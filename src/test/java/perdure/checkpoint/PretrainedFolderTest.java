package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.data.Fingerprint;
import perdure.device.LivePointers;
import perdure.device.LoadedNatives;
import perdure.model.LanguageModel;
import perdure.safetensors.Safetensors;
import tools.jackson.databind.node.ObjectNode;

@ExtendWith(LoadedNatives.class)
class PretrainedFolderTest {

    private static final Path GOLDEN = Path.of("src/test/resources/golden/pretrained");
    private static final String SHARD = "model-00002-of-00003.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path folder;

    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private void copy(String name) throws IOException {
        for (Path file : DurableFiles.list(GOLDEN.resolve(name))) {
            Files.copy(file, folder.resolve(file.getFileName()));
        }
    }

    /** The weights of a copied folder, changed and written again. */
    private void change(String file, Consumer<Map<String, Tensor>> change) {
        Map<String, Tensor> tensors = new LinkedHashMap<>(Safetensors.read(folder.resolve(file)));
        change.accept(tensors);
        Safetensors.write(folder.resolve(file), tensors, Map.of());
    }

    private void assertRefused(String problem) {
        assertRefused(folder, folder + problem);
    }

    private static void assertRefused(Path folder, String message) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> PretrainedFolder.open(folder));
        assertEquals(message, refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3", "smollm3"})
    void aFolderThatIsWrittenHereHasTheSameModel(String name) throws IOException {
        PretrainedFolder first = PretrainedFolder.open(GOLDEN.resolve(name));
        try (LanguageModel model = new LanguageModel(first.config(), 1);
                LanguageModel again = new LanguageModel(first.config(), 2)) {
            first.loadInto(model);
            Files.write(
                    folder.resolve("config.json"),
                    HuggingFaceConfig.config(first.config(), new TokenizerFiles(Map.of(), 1, 2)));
            Safetensors.write(folder.resolve("model.safetensors"), model.namedTensors(), Map.of());
            PretrainedFolder second = PretrainedFolder.open(folder);
            assertEquals(first.config(), second.config());
            second.loadInto(again);
            assertTrue(Tensors.same(model.namedTensors(), again.namedTensors()));
        }
    }

    @Test
    void hashesTheWeightFilesInTheOrderOfTheirNames() throws IOException {
        copy("sharded");
        PretrainedFolder model = PretrainedFolder.open(folder);
        Fingerprint all = new Fingerprint();
        for (int shard = 1; shard <= 3; shard++) {
            all.add(Files.readAllBytes(folder.resolve("model-0000" + shard + "-of-00003.safetensors")));
        }
        assertEquals(all.hex(), model.fingerprint());
    }

    @Test
    void leavesNoNativeObjectBehind() throws IOException {
        copy("sharded");
        PretrainedFolder pretrained = PretrainedFolder.open(folder);
        try (LanguageModel model = new LanguageModel(pretrained.config(), 1)) {
            pretrained.loadInto(model);
            long before = LivePointers.settled();
            PretrainedFolder.open(folder).loadInto(model);
            LivePointers.assertNoMoreThan(before, "after loading once more");
        }
    }

    @Test
    void aWindowLimitsTheContext() throws IOException {
        copy("mistral");
        Path config = folder.resolve("config.json");
        Files.writeString(
                config, Files.readString(config).replace("\"sliding_window\": null", "\"sliding_window\": 48"));
        assertEquals(48, PretrainedFolder.open(folder).config().context());
        assertEquals("sliding_window", PretrainedFolder.open(folder).contextKey());
    }

    @Test
    void refusesWhatIsNoFolderOfAModel() throws IOException {
        assertRefused(
                Path.of("meta-llama/Llama-3.2-1B"),
                "meta-llama/Llama-3.2-1B is not a folder. If it is the name of a model on a hub, download the model first,"
                        + " and name the folder that it is in.");
        assertRefused(folder.resolve("absent"), folder.resolve("absent") + " is not a folder.");
        assertRefused(": has no config.json, so there is no model in it");
        Files.writeString(folder.resolve("adapter_config.json"), "{}");
        assertRefused(": has an adapter alone; name the folder of the model that it belongs to");
        copy("linear");
        Path file = folder.resolve("config.json");
        assertRefused(file, file + " is a file; the model is a folder with config.json and model.safetensors.");
        Files.move(folder.resolve("model.safetensors"), folder.resolve("pytorch_model.bin"));
        assertRefused(
                ": has no model.safetensors, but pytorch_model.bin, which is not read; save the model as safetensors");
        Files.delete(folder.resolve("pytorch_model.bin"));
        assertRefused(": has no model.safetensors");
        Files.writeString(
                folder.resolve("model.safetensors"),
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        assertRefused("/model.safetensors: is a pointer of Git LFS, not the weights; download them first");
        Files.writeString(folder.resolve("model.safetensors"), "12345678901234567890");
        assertRefused("/model.safetensors: has a header of 4050765991979987505 bytes in a file of 20 bytes");
    }

    @Test
    void refusesAdaptersBesideTheWeights() throws IOException {
        copy("linear");
        Files.writeString(folder.resolve("adapter_config.json"), "{}");
        assertRefused(": has adapters beside the weights: merge them, or move them to a folder of their own");
    }

    @Test
    void refusesMissingWrongAndLeftOverTensors() throws IOException {
        copy("linear");
        change("model.safetensors", tensors -> tensors.remove("model.norm.weight"));
        assertRefused(": 1 tensor is missing: model.norm.weight");
        change("model.safetensors", tensors -> tensors.put("model.norm.weight", torch.ones(15)));
        assertRefused("/model.safetensors: tensor \"model.norm.weight\" is [15], not [16]");
        change(
                "model.safetensors",
                tensors -> tensors.put("model.norm.weight", torch.ones(16).to(ScalarType.Double)));
        assertRefused("/model.safetensors: tensor \"model.norm.weight\" is F64, which is not one of F32, F16 and BF16");
        change("model.safetensors", tensors -> {
            tensors.put("model.norm.weight", torch.ones(16));
            tensors.put("model.layers.1.self_attn.q_proj.bias", torch.ones(16));
            tensors.put("model.layers.1.self_attn.rotary_emb.inv_freq", torch.ones(2));
        });
        assertRefused(": 1 tensor is not of such a model: model.layers.1.self_attn.q_proj.bias");
        change("model.safetensors", tensors -> tensors.remove("model.layers.1.self_attn.q_proj.bias"));
        PretrainedFolder.open(folder); // An old buffer does no harm.
        Path config = folder.resolve("config.json");
        Files.writeString(
                config, Files.readString(config).replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"));
        assertRefused(": 9 tensors are missing: model.layers.2.self_attn.q_proj.weight,"
                + " model.layers.2.self_attn.k_proj.weight, model.layers.2.self_attn.v_proj.weight,"
                + " model.layers.2.self_attn.o_proj.weight, model.layers.2.mlp.gate_proj.weight, …");
    }

    @Test
    void aTiedHeadThatIsSavedMustBeTheEmbedding() throws IOException {
        copy("llama3");
        change("model.safetensors", tensors -> tensors.put("lm_head.weight", tensors.get("model.embed_tokens.weight")));
        PretrainedFolder pretrained = PretrainedFolder.open(folder);
        try (LanguageModel model = new LanguageModel(pretrained.config(), 1)) {
            pretrained.loadInto(model);
        }
        change(
                "model.safetensors",
                tensors -> tensors.put(
                        "lm_head.weight", tensors.get("lm_head.weight").mul(new Scalar(2.0))));
        assertRefused("/model.safetensors: tensor \"lm_head.weight\" differs from \"model.embed_tokens.weight\","
                + " but tie_word_embeddings is true");
    }

    @Test
    void refusesShardsThatDoNotFitTheirIndex() throws IOException {
        copy("sharded");
        Path index = folder.resolve(INDEX);
        String written = Files.readString(index);
        Files.writeString(index, written.replace(SHARD, "../" + SHARD));
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> PretrainedFolder.open(folder));
        assertTrue(
                refused.getMessage().endsWith("which is not the name of a safetensors file in the same folder"),
                refused.getMessage());
        ObjectNode map = (ObjectNode) Json.parse(index, written.getBytes(StandardCharsets.UTF_8));
        ((ObjectNode) map.get("weight_map")).put("model.more.weight", SHARD);
        Files.write(index, Json.pretty(map));
        assertRefused("/" + SHARD + ": there is no tensor \"model.more.weight\", but " + INDEX + " names it");
        Files.writeString(index, written);
        change(SHARD, tensors -> tensors.put("model.norm.weight", torch.ones(16)));
        assertRefused("/model-00003-of-00003.safetensors: tensor \"model.norm.weight\" is in " + SHARD + " too");
        Files.delete(folder.resolve(SHARD));
        assertRefused("/" + INDEX + ": names " + SHARD + ", which is missing");
        Files.writeString(index, "{}");
        assertRefused("/" + INDEX + ": has no weight_map");
    }
}
