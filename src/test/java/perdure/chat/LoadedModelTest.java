package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Snapshot;
import perdure.checkpoint.TokenizerFiles;
import perdure.checkpoint.TrainerState;
import perdure.device.LoadedNatives;
import perdure.device.Processor;
import perdure.generate.SamplingOptions;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.model.TestConfigs;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

@ExtendWith(LoadedNatives.class)
class LoadedModelTest {

    /** Has matrices of which one row's product is in bf16. */
    private static final ModelConfig WIDE = TestConfigs.BYTES.withIntermediateSize(1 << 15);

    @TempDir
    Path folder;

    @Test
    void whatWasTrainedInBf16AnswersInItWhereTheProcessorMultipliesInIt() {
        double exact = logprob("fp32", 1);
        double rounded = logprob("bf16", 2);
        assertEquals(exact, rounded, 0.05);
        if (Processor.current().multipliesBf16()) {
            assertNotEquals(exact, rounded);
        } else {
            assertEquals(exact, rounded);
        }
    }

    /** Of the likeliest token after another, by the same weights, saved by a run with that precision. */
    private double logprob(String precision, long step) {
        TrainerState.Position position = new TrainerState.Position(0, step, step, 20, null);
        TrainerState state = new TrainerState(
                position,
                new TrainerState.LossSum(46.2, 20),
                null,
                Map.of(),
                new TrainerState.Plan(1, 100),
                Map.of("precision", precision),
                List.of(),
                null);
        try (LanguageModel model = new LanguageModel(WIDE, 1);
                Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
                PointerScope scope = new PointerScope();
                LossHistory history = LossHistory.open(folder, position)) {
            CheckpointStore.open(folder, 2, history)
                    .save(new Snapshot(
                            WIDE, model.namedTensors(), Map.of(), state, TokenizerFiles.of(tokenizer, WIDE.context())));
        }
        Checkpoint saved =
                Checkpoint.open(folder.resolve(Checkpoint.names(folder).get(0)));
        assertEquals(step, saved.step());
        double[] logprob = new double[1];
        try (LoadedModel loaded = LoadedModel.of(saved, new AnsweringCheckpoint(saved.name(), 1, 2.31, 64))) {
            loaded.generator()
                    .generate(
                            new int[] {65},
                            new int[0],
                            new SamplingOptions(
                                    0, 1, 0, SamplingOptions.greedy(1).penalties(), 0, 1, 0),
                            token -> {
                                logprob[0] = token.logprob();
                                return true;
                            });
        }
        return logprob[0];
    }
}
