package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.FaultPoint;
import perdure.checkpoint.MetaStore;
import perdure.export.GgufFile;
import perdure.export.GgufReader;
import perdure.export.GgufType;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.model.ModelFamily;
import perdure.safetensors.Safetensors;
import tools.jackson.databind.json.JsonMapper;

/** The command {@code export}: what it writes, and what it refuses. */
class ExportTest {

    @TempDir
    static Path folder;

    /** Files of an exported folder. */
    private static final Set<String> MODEL = Set.of(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json");

    @TempDir
    Path target;

    private static TinyRun tiny;

    @BeforeAll
    static void train() {
        tiny = new TinyRun(folder);
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "2")).exitCode());
    }

    private static TinyRun.Result export(String format, Path output, String... flags) {
        List<String> command = new ArrayList<>(List.of("export", "--checkpoints", tiny.checkpoints.toString()));
        command.addAll(List.of("--format", format, "--output", output.toString()));
        command.addAll(List.of(flags));
        return TinyRun.run(command);
    }

    private void assertRefused(TinyRun.Result result, String message) throws IOException {
        assertEquals("perdure: " + message + "\n", result.err());
        assertEquals(2, result.exitCode());
        assertEquals(Set.of(), names(target));
    }

    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    @Test
    void writesAGgufFileAndAModelfile() throws IOException {
        Path file = target.resolve("new/tiny.gguf");
        TinyRun.Result result = export("gguf", file);

        assertEquals(0, result.exitCode(), result.err());
        assertEquals(Set.of("tiny.gguf", "Modelfile"), names(file.getParent()));
        assertTrue(result.out().contains("ollama create NAME -f " + file.resolveSibling("Modelfile")), result.out());
        GgufReader read = GgufReader.read(file);
        assertEquals("run", read.metadata().get("general.name"));
        assertEquals(1, read.metadata().get("general.file_type"));
        assertEquals(List.of(), read.metadata().get("tokenizer.ggml.merges"));
        assertEquals(List.of(258, 256), read.metadata().get("tokenizer.ggml.eos_token_ids"));
        assertEquals(258, read.metadata().get("tokenizer.ggml.eot_token_id"));
        assertEquals("""
                # ollama create NAME -f Modelfile
                FROM "./tiny.gguf"
                TEMPLATE \"""{{- range .Messages }}<|im_start|>{{ .Role }}
                {{ .Content }}<|im_end|>
                {{ end }}<|im_start|>assistant
                \"""
                PARAMETER stop "<|im_end|>"
                PARAMETER stop "<|endoftext|>"
                PARAMETER num_ctx 16
                PARAMETER temperature 0.3
                """, Files.readString(file.resolveSibling("Modelfile")));
    }

    @Test
    void aSecondFileHasAModelfileOfItsOwn() throws IOException {
        assertEquals(0, export("gguf", target.resolve("a.gguf")).exitCode());
        assertEquals(
                0, export("gguf", target.resolve("b.gguf"), "--type", "f32").exitCode());
        assertEquals(Set.of("a.gguf", "Modelfile", "b.gguf", "b.Modelfile"), names(target));
    }

    @Test
    void replacesAFileOnlyIfAsked() throws IOException {
        Path file = Files.writeString(target.resolve("x.gguf"), "mine");

        TinyRun.Result refused = export("gguf", file);
        assertEquals(2, refused.exitCode());
        assertEquals("perdure: --output: " + file + " exists already. Add --overwrite to replace it.\n", refused.err());
        assertEquals("mine", Files.readString(file));

        assertEquals(0, export("gguf", file, "--overwrite").exitCode());
        assertEquals(0, export("gguf", file, "--overwrite").exitCode());
        assertTrue(Files.size(file) > 10_000);
        assertEquals(Set.of("x.gguf", "Modelfile"), names(target));
    }

    @Test
    void exportsAnEarlierCheckpoint() throws IOException {
        assertEquals(
                0, export("gguf", target.resolve("new.gguf"), "--type", "f32").exitCode());
        assertEquals(
                0,
                export("gguf", target.resolve("old.gguf"), "--type", "f32", "--checkpoint", "step-5")
                        .exitCode());
        assertTrue(Files.mismatch(target.resolve("new.gguf"), target.resolve("old.gguf")) > 0);
    }

    @Test
    void refusesWhatItCannotWrite() throws IOException {
        Path file = target.resolve("x.gguf");
        assertRefused(
                export("gguf", file, "--type", "q8_0"),
                "--type q8_0: model.embed_tokens.weight has rows of 16 values, which is not a multiple of 32, the block"
                        + " of this type.");
        assertRefused(
                export("gguf", file, "--checkpoint", "step-9"),
                "--checkpoint step-0000000009: " + tiny.checkpoints + " has only step-0000000005, step-0000000010.");
        assertRefused(
                export("gguf", file, "--checkpoint", "best"),
                "--checkpoint best is no name of a checkpoint, such as step-0000000040 or step-40.");
        assertRefused(
                export("huggingface", file, "--type", "q8_0"),
                "--type q8_0: a Hugging Face folder is written in f32 or bf16.");
        assertRefused(
                export("gguf", target), "--output " + target + " is a folder; name a file in it, such as model.gguf.");
        assertRefused(
                TinyRun.run(List.of("export", "--checkpoints", target.toString(), "--format", "gguf", "--output", "x")),
                "--checkpoints " + target + " holds no trained model.");
    }

    @Test
    void aFailedWriteIsOneLineAndLeavesNothing() throws IOException {
        for (String format : List.of("gguf", "huggingface")) {
            Path output = target.resolve("x");
            System.setProperty(FaultPoint.PROPERTY, "WRITE_FILE:fail:3");
            try {
                TinyRun.Result result = export(format, output);
                assertEquals(1, result.exitCode());
                assertTrue(result.err().endsWith("perdure: " + output + ": fault at WRITE_FILE\n"), result.err());
            } finally {
                System.clearProperty(FaultPoint.PROPERTY);
            }
            assertEquals(Set.of(), names(target));
        }
    }

    @Test
    void writesAFolderWithoutTheStateOfTheTraining() throws IOException {
        Path output = target.resolve("model");
        assertEquals(0, export("huggingface", output).exitCode());

        assertEquals(MODEL, names(output));
        for (String name : List.of("generation_config.json", "tokenizer.json", "tokenizer_config.json")) {
            assertArrayEquals(
                    Files.readAllBytes(tiny.newest().resolve(name)), Files.readAllBytes(output.resolve(name)), name);
        }
        assertEquals(
                JsonMapper.shared().readTree(Files.readString(tiny.newest().resolve("config.json"))),
                JsonMapper.shared().readTree(Files.readString(output.resolve("config.json"))));
        assertWeights(output, ScalarType.Float);
    }

    @Test
    void writesBf16() throws IOException {
        Path output = Files.createDirectory(target.resolve("empty"));
        assertEquals(0, export("huggingface", output, "--type", "bf16").exitCode());

        assertEquals(
                "bfloat16",
                JsonMapper.shared()
                        .readTree(Files.readString(output.resolve("config.json")))
                        .path("dtype")
                        .asString());
        assertWeights(output, ScalarType.BFloat16);
    }

    @Test
    void mergesAdaptersWithTheirBase() throws IOException {
        Path adapters = folder.resolve("adapters");
        assertEquals(
                0,
                TinyRun.run(List.of(
                                "train",
                                "--no-server",
                                "--device",
                                "cpu",
                                "--threads",
                                "1",
                                "--data",
                                tiny.data.toString(),
                                "--from",
                                tiny.checkpoints.toString(),
                                "--checkpoints",
                                adapters.toString(),
                                "--lora",
                                "--lora-rank",
                                "2",
                                "--learning-rate",
                                "0.05",
                                "--batch-size",
                                "4",
                                "--steps-per-epoch",
                                "5",
                                "--epochs",
                                "1"))
                        .exitCode());
        Path output = target.resolve("model");
        assertEquals(
                0,
                export("huggingface", output, "--checkpoints", adapters.toString())
                        .exitCode());
        assertEquals(
                0,
                export("gguf", target.resolve("x.gguf"), "--checkpoints", adapters.toString())
                        .exitCode());

        assertEquals(MODEL, names(output)); // without what has to do with adapters
        assertEquals(
                JsonMapper.shared().readTree(Files.readString(tiny.newest().resolve("config.json"))),
                JsonMapper.shared().readTree(Files.readString(output.resolve("config.json"))));
        Checkpoint checkpoint =
                Checkpoint.open(adapters.resolve(new MetaStore(adapters).read().checkpoint()));
        try (PointerScope scope = new PointerScope();
                LanguageModel merged = new LanguageModel(checkpoint.config(), 1)) {
            checkpoint.readWeights(merged.namedTensors());
            Map<String, Tensor> base = Safetensors.read(tiny.newest().resolve("model.safetensors"));
            Map<String, Tensor> read = Safetensors.read(output.resolve("model.safetensors"));
            merged.namedTensors().forEach((name, weight) -> assertTrue(torch.equal(weight, read.get(name)), name));
            String adapted = "model.layers.0.mlp.up_proj.weight";
            assertFalse(torch.equal(base.get(adapted), read.get(adapted)));
        }
        assertRefusalNamesItsFile(checkpoint);
    }

    /** Which a checkpoint of adapters has under another name. */
    private static void assertRefusalNamesItsFile(Checkpoint adapters) {
        ModelConfig config = adapters.config();
        ModelConfig refused = config.withFamily(ModelFamily.QWEN3)
                .withAttention(config.attention().withInputBias(true));
        Checkpoint checkpoint = new Checkpoint(adapters.folder(), refused, adapters.state());
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new GgufFile(checkpoint, adapters.weights(), GgufType.F16, "x"))
                .getMessage();
        Path file = Path.of(message.split(": ")[0]);
        assertEquals(adapters.folder(), file.getParent());
        assertTrue(Files.exists(file), message);
    }

    private static void assertWeights(Path output, ScalarType type) {
        try (PointerScope scope = new PointerScope()) {
            Map<String, Tensor> saved = Safetensors.read(tiny.newest().resolve("model.safetensors"));
            Map<String, Tensor> read = Safetensors.read(output.resolve("model.safetensors"));
            assertEquals(saved.keySet(), read.keySet());
            saved.forEach((name, weight) -> {
                assertEquals(type, read.get(name).scalar_type().intern(), name);
                assertTrue(torch.equal(weight.to(type), read.get(name)), name);
            });
        }
    }

    @Test
    void replacesAFolderOnlyIfAskedAndIfItIsAModelAlone() throws IOException {
        Path output = target.resolve("model");
        assertEquals(0, export("huggingface", output).exitCode());
        assertEquals(2, export("huggingface", output).exitCode());
        assertEquals(0, export("huggingface", output, "--overwrite").exitCode());

        Files.writeString(output.resolve("notes.txt"), "mine");
        TinyRun.Result refused = export("huggingface", output, "--overwrite");
        assertEquals(2, refused.exitCode());
        assertEquals(
                "perdure: --output " + output + " holds files that an export does not write: notes.txt.\n",
                refused.err());
        assertEquals("mine", Files.readString(output.resolve("notes.txt")));
        assertEquals(Set.of("model"), names(target));
    }
}
