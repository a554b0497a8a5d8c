package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.AdapterConfig;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.DurableFiles;
import perdure.checkpoint.Restart;
import perdure.data.Fingerprint;
import perdure.model.LanguageModel;
import perdure.model.LoraConfig;
import perdure.run.TrainingRun.Outcome;
import perdure.safetensors.Safetensors;

/** A run that trains adapters of the weights of another one. */
class LoraRunTest {
    private static final String LAST = "step-0000000012";

    @TempDir
    Path folder;

    private Path base;
    private Path text;

    @BeforeEach
    void trainBase() throws IOException {
        Path other = Files.writeString(folder.resolve("base.txt"), "The fox sees the dog. It runs away.\n".repeat(100));
        text = Files.writeString(folder.resolve("text.txt"), "The dog hears the cat. It sleeps.\n".repeat(100));
        Path run = folder.resolve("base");
        train(common(RunConfig.in(run)
                .data(other)
                .model(shape ->
                        shape.layers(2).heads(2).hiddenSize(16).context(16).vocabularySize(270))));
        base = run.resolve(LAST);
    }

    private static RunConfig common(RunConfig config) {
        return config.epochs(2)
                .stepsPerEpoch(6)
                .device("cpu")
                .threads(1)
                .optimization(
                        optimization -> optimization.batchSize(4).warmupSteps(0).learningRate(0.01))
                .onMessage(message -> {});
    }

    private RunConfig adapted(String name) {
        return common(RunConfig.in(folder.resolve(name)).from(base).data(text))
                .lora(lora -> lora.rank(3).alpha(6).dropout(0.2));
    }

    private static Outcome train(RunConfig config) {
        try (TrainingRun run = TrainingRun.open(config)) {
            return run.train();
        }
    }

    private Path last(String run) {
        return folder.resolve(run).resolve(LAST);
    }

    private String adapters(String run) throws IOException {
        return Fingerprint.of(last(run).resolve("adapter_model.safetensors"))
                + Fingerprint.of(last(run).resolve("optimizer.safetensors"));
    }

    private static String refused(RunConfig config) {
        String message =
                assertThrows(BadInputException.class, () -> train(config)).getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }

    @Test
    void theCheckpointHasTheAdaptersAndNamesTheirBase() throws IOException {
        String before = Fingerprint.of(base.resolve("model.safetensors"));
        train(adapted("run"));
        try (Stream<Path> files = Files.list(last("run"))) {
            List<String> names =
                    files.map(file -> file.getFileName().toString()).toList();
            assertTrue(
                    names.containsAll(List.of("adapter_model.safetensors", "adapter_config.json")), () -> "" + names);
            assertFalse(names.contains("model.safetensors"), () -> "" + names);
            assertFalse(names.contains("config.json"), "transformers would look for weights beside it");
        }
        AdapterConfig config = AdapterConfig.read(last("run"));
        assertEquals(new LoraConfig(3, 6, 0.2, LoraConfig.ALL_LINEAR, false), config.lora());
        assertEquals(base.toAbsolutePath().toString(), config.base());
        Map<String, String> identity =
                Restart.find(folder.resolve("run")).checkpoint().state().identity();
        assertEquals(before, identity.get("from fingerprint"));
        assertEquals(config.base(), identity.get("from"));
        assertEquals(before, Fingerprint.of(base.resolve("model.safetensors")));
        try (PointerScope scope = new PointerScope()) {
            long values = Safetensors.read(last("run").resolve("adapter_model.safetensors")).values().stream()
                    .mapToLong(Tensor::numel)
                    .sum();
            long moments = Safetensors.read(last("run").resolve("optimizer.safetensors")).values().stream()
                    .mapToLong(Tensor::numel)
                    .sum();
            assertEquals(2 * values, moments);
        }
    }

    @Test
    void stoppedAnywhereItEndsWithTheSameBytes() throws IOException {
        train(adapted("whole"));
        train(adapted("stopped").maximumSteps(2));
        train(adapted("stopped").maximumSteps(9).recompute(true));
        assertEquals(Outcome.DONE, train(common(RunConfig.resuming(folder.resolve("stopped")))));
        assertEquals(adapters("whole"), adapters("stopped"));
        assertEquals(Outcome.ALREADY_DONE, train(adapted("stopped")));
        train(adapted("other").lora(lora -> lora.dropout(0)));
        assertNotEquals(adapters("whole"), adapters("other"));
    }

    /** As chat, generation and export load it. */
    @Test
    void theCheckpointIsTheBaseWithItsAdapters() {
        train(adapted("run"));
        Checkpoint checkpoint = Restart.find(folder.resolve("run")).checkpoint();
        try (PointerScope scope = new PointerScope();
                LanguageModel merged = new LanguageModel(checkpoint.config(), 0);
                LanguageModel plain = new LanguageModel(checkpoint.config(), 0);
                LanguageModel model = new LanguageModel(
                        checkpoint.config(),
                        AdapterConfig.read(checkpoint.folder()).lora(),
                        0)) {
            checkpoint.readWeights(merged.namedTensors());
            Safetensors.readInto(base.resolve("model.safetensors"), plain.namedTensors());
            Safetensors.readInto(base.resolve("model.safetensors"), model.namedTensors());
            checkpoint.readTrained(model.namedTrained());
            model.train(false);
            Tensor ids = torch.tensor(5L, 80L, 7L, 200L).view(1, 4);
            Tensor logits = merged.logits(ids);
            assertEquals(0, logits.sub(model.logits(ids)).abs().max().item_double(), 1e-4);
            assertTrue(logits.sub(plain.logits(ids)).abs().max().item_double() > 1e-2);
        }
        try (TrainingRun run = TrainingRun.open(common(RunConfig.resuming(folder.resolve("run"))))) {
            assertFalse(run.ask("The dog").isEmpty());
        }
    }

    @Test
    void refusesAnotherBaseAndAMissingOne() throws IOException {
        train(adapted("run").maximumSteps(3));
        RunConfig other =
                common(RunConfig.resuming(folder.resolve("run")).from(folder.resolve("base/step-0000000006")));
        assertTrue(refused(other).contains("the run began with other weights, of " + base), () -> refused(other));
        RunConfig same = adapted("run");
        Files.move(base, base.resolveSibling("elsewhere"));
        assertTrue(refused(same).contains(base.toString()), () -> refused(same));
        Checkpoint checkpoint = Restart.find(folder.resolve("run")).checkpoint();
        try (PointerScope scope = new PointerScope();
                LanguageModel model = new LanguageModel(checkpoint.config(), 0)) {
            assertThrows(IllegalArgumentException.class, () -> checkpoint.readWeights(model.namedTensors()));
            DurableFiles.delete(base.resolveSibling("elsewhere"));
            Files.createDirectory(base);
            for (String file : List.of("config.json", "model.safetensors")) {
                Files.copy(folder.resolve("base/step-0000000006").resolve(file), base.resolve(file));
            }
            assertTrue(assertThrows(IllegalArgumentException.class, () -> checkpoint.readWeights(model.namedTensors()))
                    .getMessage()
                    .contains("are not those that the adapters in"));
        }
    }

    /** It needs its base again at each start, but the base's run deletes old checkpoints. */
    @Test
    void tellsThatItsBaseMayBeDeleted() throws IOException {
        assertTrue(tells(adapted("run"), " and " + base + " is a checkpoint, which its run deletes"));
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        for (String file : List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
            Files.copy(base.resolve(file), elsewhere.resolve(file));
        }
        assertFalse(tells(adapted("other").from(elsewhere), "is a checkpoint"));
    }

    private static boolean tells(RunConfig config, String words) {
        List<String> lines = new ArrayList<>();
        train(config.maximumSteps(1).onMessage(lines::add));
        return lines.stream().anyMatch(line -> line.startsWith("Warning: ") && line.contains(words));
    }

    @Test
    void whatIsTrainedStaysTheSame() {
        train(adapted("run").maximumSteps(3));
        assertTrue(refused(adapted("run").lora(lora -> lora.rank(4))).contains("lora rank was 3 and is 4 now"));
        assertTrue(refused(adapted("run").lora(lora -> lora.targets("q_proj"))).contains("lora targets was q_proj,"));
        RunConfig weights =
                common(RunConfig.in(folder.resolve("run")).from(base).data(text));
        assertTrue(refused(weights).contains("lora was true and is false now"), () -> refused(weights));
        assertEquals(Outcome.DONE, train(adapted("run").lora(lora -> lora.dropout(0.1))));
        train(common(RunConfig.in(folder.resolve("plain")).from(base).data(text))
                .maximumSteps(3));
        assertTrue(refused(adapted("plain")).contains("lora was false and is true now"));
    }

    @Test
    void goesOnFromAdapters() throws IOException {
        train(adapted("first"));
        RunConfig second = common(RunConfig.in(folder.resolve("second"))
                .loraFrom(folder.resolve("first"))
                .data(text));
        assertEquals(base.toAbsolutePath(), second.fineTuning().from());
        assertEquals(adapted("first").fineTuning().lora(), second.fineTuning().lora());
        train(second.maximumSteps(1).optimization(changed -> changed.learningRate(1e-12)));
        try (PointerScope scope = new PointerScope()) {
            Map<String, Tensor> before = Safetensors.read(last("first").resolve("adapter_model.safetensors"));
            Safetensors.read(folder.resolve("second/step-0000000001/adapter_model.safetensors"))
                    .forEach((name, tensor) -> assertEquals(
                            0, tensor.sub(before.get(name)).abs().max().item_double(), 1e-9, name));
        }
        assertEquals(Outcome.DONE, train(second));
        assertThrows(IllegalArgumentException.class, () -> second.lora(lora -> lora.rank(8)));
        RunConfig otherBase = common(RunConfig.in(folder.resolve("third"))
                .from(folder.resolve("base/step-0000000006"))
                .loraFrom(folder.resolve("first"))
                .data(text));
        assertTrue(refused(otherBase).contains("are of other weights"), () -> refused(otherBase));
        Path peft = Path.of("src/test/resources/golden/lora/adapter");
        String unknown = assertThrows(IllegalArgumentException.class, () -> RunConfig.in(folder.resolve("fourth"))
                        .loraFrom(peft))
                .getMessage();
        assertTrue(unknown.contains("\"someone/tiny-llama\", which is no folder here"), unknown);
        RunConfig fourth = RunConfig.in(folder.resolve("fourth")).from(base);
        String foreign = assertThrows(IllegalArgumentException.class, () -> fourth.loraFrom(peft))
                .getMessage();
        assertTrue(foreign.contains("does not fit this base"), foreign);
        assertFalse(Files.exists(folder.resolve("fourth")));
    }

    @Test
    void theWholeModelIsTrainedFromItsCheckpoint() {
        train(adapted("adapters"));
        train(common(RunConfig.in(folder.resolve("whole"))
                        .from(folder.resolve("adapters"))
                        .data(text))
                .maximumSteps(1)
                .optimization(changed -> changed.learningRate(1e-12)));
        Checkpoint adapters = Restart.find(folder.resolve("adapters")).checkpoint();
        try (PointerScope scope = new PointerScope();
                LanguageModel merged = new LanguageModel(adapters.config(), 0)) {
            adapters.readWeights(merged.namedTensors());
            Map<String, Tensor> weights = Safetensors.read(folder.resolve("whole/step-0000000001/model.safetensors"));
            merged.namedTensors()
                    .forEach((name, weight) -> assertEquals(
                            0, weight.sub(weights.get(name)).abs().max().item_double(), 1e-6, name));
        }
    }

    @Test
    void needsABaseThatIsAModel() {
        RunConfig alone = common(RunConfig.in(folder.resolve("run")).data(text)).lora(lora -> lora);
        assertTrue(refused(alone).contains("none is given to begin with"));
        train(adapted("first").maximumSteps(2));
        RunConfig twice = common(RunConfig.in(folder.resolve("run"))
                        .from(folder.resolve("first"))
                        .data(text))
                .lora(lora -> lora);
        assertTrue(refused(twice).contains("cannot be the base of others"), () -> refused(twice));
        assertFalse(Files.exists(folder.resolve("run")));
    }
}
