package perdure.checkpoint;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.checkpoint.TrainerState.Best;
import perdure.checkpoint.TrainerState.LossSum;
import perdure.checkpoint.TrainerState.Plan;
import perdure.checkpoint.TrainerState.Position;
import perdure.checkpoint.TrainerState.Session;
import perdure.model.ModelConfig;

/** Runs so small that every byte of them can be damaged. An epoch has ten steps. The weights hold the step. */
public final class Runs {

    static final ModelConfig CONFIG = ModelConfig.DEFAULT
            .withVocabularySize(16)
            .withHeads(2, 1)
            .withHiddenSize(4)
            .withLayers(1)
            .withIntermediateSize(8)
            .withContext(8);
    static final TokenizerFiles TOKENIZER = new TokenizerFiles(
            Map.of(
                    "tokenizer.json", "{}".getBytes(StandardCharsets.UTF_8),
                    "tokenizer_config.json", "{}".getBytes(StandardCharsets.UTF_8),
                    "special_tokens_map.json", "{}".getBytes(StandardCharsets.UTF_8)),
            13,
            15);

    private static final int STEPS_PER_EPOCH = 10;

    private Runs() {}

    static Position position(long step) {
        return new Position((int) (step / STEPS_PER_EPOCH), step % STEPS_PER_EPOCH, step, step * 96, null);
    }

    /** The best epoch is always the last that finished. */
    public static Snapshot at(long step) {
        int lastEpoch = position(step).epoch() - 1;
        return at(step, lastEpoch < 0 ? null : new Best(5.0 / (lastEpoch + 1), lastEpoch));
    }

    public static Snapshot at(long step, Best best) {
        return at(step, best, null);
    }

    static Snapshot at(long step, Best best, TrainerState.Validation validation) {
        TrainerState state = new TrainerState(
                position(step),
                new LossSum(1.5, 96),
                best,
                Map.of("cpu", "AAECAw=="),
                new Plan(10, 100),
                Map.of("--hidden-size", "4"),
                List.of(new Session(0, "2026-01-01T00:00:00Z", 1.25, 960)),
                validation);
        return new Snapshot(CONFIG, tensors(step), tensors(-step), state, TOKENIZER);
    }

    /** One strided, one contiguous and one empty tensor. */
    static Map<String, Tensor> tensors(long value) {
        Scalar offset = new Scalar((double) value);
        return Map.of(
                "a.weight",
                        Tensors.range(ScalarType.Float, 12)
                                .view(3, 4)
                                .add(offset)
                                .t(),
                "b.weight", Tensors.range(ScalarType.Float, 4).sub(offset),
                "c.weight", Tensors.zeros(ScalarType.Float, 0, 4));
    }

    /** Whether a checkpoint holds exactly what {@link #at} saved. */
    static boolean isWhole(Checkpoint checkpoint) {
        Map<String, Tensor> weights = tensors(1_000_000);
        Map<String, Tensor> moments = tensors(1_000_000);
        checkpoint.readWeights(weights);
        checkpoint.readMoments(moments);
        long step = checkpoint.step();
        return Tensors.same(tensors(step), weights)
                && Tensors.same(tensors(-step), moments)
                && checkpoint.state().position().equals(position(step))
                && checkpoint.config().equals(CONFIG);
    }

    /** Reaches every fault point, but forces nothing: the pages of a process that ends are kept. */
    public static CheckpointStore store(Path runFolder, FaultPoint.Hook hook) {
        MetaStore.prepareFolder(runFolder);
        DurableFiles files = new DurableFiles(hook, false);
        Position position = Restart.find(runFolder).position();
        return CheckpointStore.open(runFolder, 2, LossHistory.open(runFolder, position, files), files);
    }

    public static CheckpointStore store(Path runFolder) {
        return store(runFolder, point -> {});
    }
}
