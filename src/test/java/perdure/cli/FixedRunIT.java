package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fixed run on one thread ends with the bytes that are on record: a change of the code changes no arithmetic. */
class FixedRunIT {
    /** Learnt merges, dropout, gradient accumulation with a ragged end, grouped queries, a save inside an epoch. */
    private static final String[] FLAGS = {
        "--epochs",
        "2",
        "--steps-per-epoch",
        "40",
        "--vocab-size",
        "300",
        "--layers",
        "2",
        "--heads",
        "4",
        "--kv-heads",
        "2",
        "--hidden-size",
        "64",
        "--context",
        "16",
        "--batch-size",
        "6",
        "--grad-accum",
        "3",
        "--dropout",
        "0.1",
        "--warmup-steps",
        "5",
        "--checkpoint-every",
        "15"
    };

    @TempDir
    Path folder;

    @Test
    void endsWithTheBytesOnRecord() throws IOException, InterruptedException {
        TinyRun run = new TinyRun(folder);
        assertEquals(0, TinyRun.await(run.start(run.train(FLAGS))), Files.readString(run.log()));
        BytesOnRecord.verify("fixed", run.checkpoints);
    }
}
