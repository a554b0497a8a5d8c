package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.device.Devices;
import perdure.device.LoadedNatives;
import perdure.device.Precision;
import perdure.model.LanguageModel;
import perdure.train.AdamW;
import perdure.train.Learner;
import perdure.train.RunWriter;
import perdure.train.SaveInterval;
import perdure.train.StopRequests;

@ExtendWith(LoadedNatives.class)
class FailedSaveTest {
    @TempDir
    Path folder;

    /** An error without a message is an error too. */
    @Test
    void withoutAMessageIsNotTakenForSaved() {
        DurableFiles failing = new DurableFiles(point -> {
            throw new OutOfMemoryError();
        });
        try (LanguageModel model = new LanguageModel(Runs.CONFIG, 1);
                AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT);
                Device cpu = Devices.resolve("cpu");
                LossHistory history =
                        LossHistory.open(folder, Runs.at(0).state().position());
                RunWriter writer = new RunWriter(
                        CheckpointStore.open(folder, 2, history, failing),
                        history,
                        new SaveInterval(Duration.ofHours(1), 0),
                        Runs.TOKENIZER,
                        Map.of(),
                        new StopRequests(null))) {
            writer.save(
                    new Learner(model, optimizer, cpu, Precision.FP32),
                    Runs.at(7).state());
            String message = assertThrows(IllegalStateException.class, writer::requireSaved)
                    .getMessage();
            assertEquals("java.lang.OutOfMemoryError", message);
        }
    }
}
