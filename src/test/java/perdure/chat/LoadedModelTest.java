package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.Checkpoint;
import perdure.device.LoadedNatives;
import perdure.device.Processor;
import perdure.generate.SamplingOptions;
import perdure.model.ModelConfig;
import perdure.model.TestConfigs;
import perdure.server.SavedModel;

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
        SavedModel.commit(folder, step, WIDE, precision);
        Checkpoint saved =
                Checkpoint.open(folder.resolve(Checkpoint.names(folder).get(0)));
        assertEquals(step, saved.step());
        double[] logprob = new double[1];
        AnsweringCheckpoint described = new AnsweringCheckpoint(saved.name(), 1, 2.31, 64);
        try (Device cpu = new Device("cpu");
                LoadedModel loaded = LoadedModel.of(saved, described, cpu, null)) {
            loaded.generator()
                    .generate(
                            new int[] {65},
                            new int[0],
                            new SamplingOptions(0, 1, 0, SamplingOptions.Penalties.NONE, 0, 1, 0),
                            token -> {
                                logprob[0] = token.logprob();
                                return true;
                            });
        }
        return logprob[0];
    }
}
