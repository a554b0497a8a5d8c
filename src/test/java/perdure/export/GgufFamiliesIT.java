package perdure.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.checkpoint.Checkpoint;
import perdure.device.LoadedNatives;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.model.ModelFamily;
import perdure.model.RotaryConfig;
import perdure.model.RotaryScaling;
import perdure.model.TestConfigs;
import perdure.safetensors.Safetensors;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

/**
 * Models of each published family with random weights: llama.cpp continues texts as our model does, which agrees with
 * transformers.
 */
@ExtendWith(LoadedNatives.class)
class GgufFamiliesIT {

    private static final ModelConfig PLAIN = TestConfigs.BYTES
            .withHiddenSize(64)
            .withHeads(4, 2)
            .withLayers(2)
            .withIntermediateSize(96)
            .withContext(128);

    private static final RotaryConfig FAR = new RotaryConfig(500_000, RotaryScaling.NONE, List.of());

    /** Heads that are wider together than the model, and an output projection of its own. */
    private static final ModelConfig WIDE = PLAIN.withNormEpsilon(1e-6)
            .withTiedEmbeddings(false)
            .withAttention(PLAIN.attention().withFixedHeadSize(32).withRotary(FAR));

    @TempDir
    Path folder;

    private static final ModelConfig LLAMA3 = PLAIN.withAttention(PLAIN.attention()
            .withInputBias(true)
            .withOutputBias(true)
            .withRotary(FAR.withScaling(new RotaryScaling.Llama3(8, 1, 4, 32))));

    private static final ModelConfig SMOLLM3 = PLAIN.withFamily(ModelFamily.SMOLLM3)
            .withLayers(5)
            .withAttention(PLAIN.attention().withRotary(FAR.withLayersWithout(List.of(3))));

    static Stream<ModelConfig> configs() {
        return Stream.of(
                LLAMA3,
                PLAIN.withAttention(PLAIN.attention().withRotary(FAR.withScaling(new RotaryScaling.Linear(4)))),
                WIDE.withFamily(ModelFamily.MISTRAL),
                PLAIN.withFamily(ModelFamily.QWEN2)
                        .withAttention(PLAIN.attention().withInputBias(true).withRotary(FAR)));
    }

    /** The llama.cpp of the Java library is too old for them. */
    static Stream<ModelConfig> newer() {
        return Stream.of(
                WIDE.withFamily(ModelFamily.QWEN3)
                        .withAttention(WIDE.attention().withQueryKeyNorms(true)),
                SMOLLM3);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void continuesAsOurModelDoes(ModelConfig config) throws Exception {
        requireSameAnswers(config, file -> {});
    }

    @ParameterizedTest
    @MethodSource("newer")
    void continuesAsOurModelDoesIfLlamaCppIsNewEnough(ModelConfig config) throws Exception {
        if (LlamaCpp.isNewer()) {
            requireSameAnswers(config, file -> {});
        } else {
            try (Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
                    LanguageModel model = randomModel(config)) {
                requireSameWeights(model, tokenizer);
            }
        }
    }

    /** So these comparisons would find an export without it. */
    @Test
    void continuesOtherwiseIfQueriesAndKeysAreNotPermuted() {
        for (ModelConfig config : LlamaCpp.isNewer() ? List.of(LLAMA3, SMOLLM3) : List.of(LLAMA3)) {
            requireOtherAnswers(config, file -> GgufModel.unpermute(file, config.headSize()));
        }
    }

    @Test
    void continuesOtherwiseWithoutTheFactorsOfTheRotaryFrequencies() {
        requireOtherAnswers(LLAMA3, GgufModel::leaveOutRotaryFactors);
    }

    private interface Change {
        void change(Path gguf) throws IOException;
    }

    private void requireOtherAnswers(ModelConfig config, Change change) {
        AssertionError found = assertThrows(AssertionError.class, () -> requireSameAnswers(config, change));
        assertTrue(found.getMessage().contains("tokens: \""), found.getMessage());
    }

    private void requireSameAnswers(ModelConfig config, Change change) throws Exception {
        try (Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
                LanguageModel model = randomModel(config)) {
            Path file = requireSameWeights(model, tokenizer);
            change.change(file);
            LlamaCpp.Question question = new LlamaCpp.Question(
                    List.of(), List.of("The fox", "Once upon a time there was", "1 2 3 4 5 6 7 8 9 10 11 12 13"), 40);
            LlamaCpp.Answer answer = LlamaCpp.ask(file, question, folder);
            int compared = GgufModel.requireSameAnswers(model, tokenizer, question, answer, 0.01);
            assertEquals(3 * 40, compared, answer.toString());
        }
    }

    /** The file of a model, which has the very weights where llama.cpp expects them. */
    private Path requireSameWeights(LanguageModel model, Tokenizer tokenizer) throws IOException {
        ModelConfig config = model.config();
        Path file = folder.resolve("model.gguf");
        tokenizer.write(folder, config.context());
        Safetensors.write(folder.resolve(Checkpoint.WEIGHTS), model.namedTensors(), Map.of());
        Checkpoint checkpoint = new Checkpoint(folder, config, null);
        new GgufFile(checkpoint, checkpoint.weights(), GgufType.F32, "random").write(file);
        try (LanguageModel read = new LanguageModel(config, 2)) {
            boolean permuted = config.family() != ModelFamily.QWEN2 && config.family() != ModelFamily.QWEN3;
            GgufModel.load(file, read, permuted);
            model.namedTensors()
                    .forEach((name, weight) ->
                            assertTrue(torch.equal(weight, read.namedTensors().get(name)), name));
        }
        return file;
    }

    /** Only visible characters of ASCII are likely, so that the text of each token is its own. */
    private static LanguageModel randomModel(ModelConfig config) {
        LanguageModel model = new LanguageModel(config, 7);
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            torch.manual_seed(7);
            model.namedTensors().forEach((name, weight) -> {
                Tensor noise = torch.randn_like(weight);
                weight.detach()
                        .copy_(weight.dim() == 1 ? weight.add(noise, new Scalar(0.3)) : noise.mul(new Scalar(0.3)));
            });
            String output = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
            model.namedTensors().get(output).detach().narrow(0, 94, 165).zero_();
        }
        return model;
    }
}
