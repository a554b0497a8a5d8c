package perdure.server;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Snapshot;
import perdure.checkpoint.TokenizerFiles;
import perdure.checkpoint.TrainerState;
import perdure.device.NativeRuntime;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.model.TestConfigs;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

/** Commits a tiny model of random weights that never ends an answer by itself, as a trainer does inside its first epoch. */
public final class SavedModel {

    /** Room for answers that take longer than any test. */
    public static final int CONTEXT = 16_384;

    private static final int FAST = 1;
    private static final int SLOW = 12;

    private SavedModel() {}

    public static void commit(Path runFolder) {
        commit(runFolder, 3, List.of(0L));
    }

    /** @param sessions the step after which each process began */
    public static void commit(Path runFolder, long step, List<Long> sessions) {
        try (Tokenizer tokenizer = bytes()) {
            commit(runFolder, step, sessions, tokenizer);
        }
    }

    /** The same, but so deep that thousands of tokens take most of a minute: nobody is too late to interrupt them. */
    public static void commitSlow(Path runFolder, long step) {
        try (Tokenizer tokenizer = bytes()) {
            commit(runFolder, step, List.of(0L), tokenizer, SLOW);
        }
    }

    /** A model of that shape, saved by a run with that precision. */
    public static void commit(Path runFolder, long step, ModelConfig config, String precision) {
        try (Tokenizer tokenizer = bytes()) {
            commit(runFolder, step, List.of(0L), tokenizer, config, Map.of(Checkpoint.PRECISION, precision));
        }
    }

    private static Tokenizer bytes() {
        return Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
    }

    /** @param tokenizer the model has 259 rows, or as many as that has ids */
    public static void commit(Path runFolder, long step, List<Long> sessions, Tokenizer tokenizer) {
        commit(runFolder, step, sessions, tokenizer, FAST);
    }

    private static void commit(Path runFolder, long step, List<Long> sessions, Tokenizer tokenizer, int layers) {
        ModelConfig config = TestConfigs.BYTES
                .withLayers(layers)
                .withContext(CONTEXT)
                .withVocabularySize(tokenizer.vocabularySize());
        commit(runFolder, step, sessions, tokenizer, config, Map.of());
    }

    private static void commit(
            Path runFolder,
            long step,
            List<Long> sessions,
            Tokenizer tokenizer,
            ModelConfig config,
            Map<String, String> identity) {
        NativeRuntime.load();
        TrainerState.Position position = new TrainerState.Position(0, step, step, 20, null);
        TrainerState state = new TrainerState(
                position,
                new TrainerState.LossSum(46.2, 20),
                null,
                Map.of(),
                new TrainerState.Plan(1, 100),
                identity,
                sessions.stream()
                        .map(first -> new TrainerState.Session(first, "2026-01-01T00:00:00Z", 1, 20))
                        .toList(),
                null);
        try (LanguageModel model = new LanguageModel(config, 1);
                PointerScope scope = new PointerScope();
                LossHistory history = LossHistory.open(runFolder, position)) {
            // Logits of 0 for all but the 94 visible characters of ASCII: greedy answers are plain and never end.
            model.namedTensors()
                    .get("model.embed_tokens.weight")
                    .narrow(0, 94, 165)
                    .detach()
                    .zero_();
            TokenizerFiles files = TokenizerFiles.of(tokenizer, config.context());
            CheckpointStore.open(runFolder, 2, history)
                    .save(new Snapshot(config, model.namedTensors(), Map.of(), state, files));
        }
    }
}
