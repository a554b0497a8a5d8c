package perdure.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.RunIdentity;
import perdure.data.TrainingText;
import perdure.model.ModelConfig;
import perdure.tokenizer.Tokenizer;
import perdure.train.LearningRateSchedule;

/** What shapes a run, by flag or name, as recorded with every checkpoint and compared when the run goes on. */
record Identity(Map<String, String> values, boolean acceptChanges) {

    static Identity of(
            TrainCommand command, ModelConfig config, Tokenizer tokenizer, TrainingText text, Device device) {
        Map<String, String> values = new LinkedHashMap<>();
        BiConsumer<String, Object> put = (name, value) -> values.put(name, String.valueOf(value));
        put.accept("--layers", config.layers());
        put.accept("--heads", config.heads());
        put.accept("--kv-heads", config.keyValueHeads());
        put.accept("--hidden-size", config.hiddenSize());
        put.accept("--intermediate-size", config.intermediateSize());
        put.accept("--context", config.context());
        put.accept("--vocab-size", command.shape.vocabularySize);
        put.accept(RunIdentity.TOKENIZER, tokenizer.fingerprint());
        put.accept(RunIdentity.DATA, text.training().fingerprint(command.stop));
        put.accept(RunIdentity.VALIDATION_DATA, text.validationFingerprint(command.stop));
        OptimizationFlags optimization = command.optimization;
        put.accept("--batch-size", optimization.batchSize);
        put.accept("--grad-accum", optimization.gradientAccumulation);
        LearningRateSchedule schedule = optimization.schedule(config.hiddenSize());
        put.accept("--learning-rate", schedule.peak());
        put.accept("--min-learning-rate", schedule.floor());
        put.accept("--warmup-steps", optimization.warmupSteps);
        put.accept("--schedule", optimization.schedule);
        put.accept("--weight-decay", optimization.weightDecay);
        put.accept("--beta1", optimization.beta1);
        put.accept("--beta2", optimization.beta2);
        put.accept("--grad-clip", optimization.gradientClip);
        put.accept("--dropout", optimization.dropout);
        put.accept("--steps-per-epoch", command.run.stepsPerEpoch);
        put.accept("--seed", command.run.seed);
        put.accept("--device", device.str().getString()); // what auto came to
        put.accept("--precision", command.natives.precision);
        put.accept("--threads", torch.get_num_threads());
        put.accept(RunIdentity.LIBRARY, libraryVersion());
        return new Identity(values, command.run.acceptChanges);
    }

    private static String libraryVersion() {
        try {
            return Loader.getVersion("org.bytedeco", "pytorch");
        } catch (IOException absent) {
            throw new IllegalStateException("The PyTorch jar does not tell its version.", absent);
        }
    }

    /**
     * Compares with what a checkpoint was made with.
     *
     * @return a line for each difference that is allowed
     * @throws IllegalArgumentException naming both values of the first one that is not
     */
    List<String> requireSame(Checkpoint checkpoint) {
        return RunIdentity.check(
                checkpoint.state().identity(),
                values,
                acceptChanges,
                checkpoint.state().position().epochStep() == 0);
    }
}
