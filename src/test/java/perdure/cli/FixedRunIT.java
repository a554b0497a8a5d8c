package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.RunComparison;
import perdure.train.Learner;

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

    /** Two leaves a micro-batch: of any number of threads, one computes each. */
    private static final String[] LEAVES = {"--leaves", "2"};

    @TempDir
    Path folder;

    @Test
    void endsWithTheBytesOnRecord() throws IOException, InterruptedException {
        TinyRun run = new TinyRun(folder);
        assertEquals(0, TinyRun.await(run.start(run.train(FLAGS))), Files.readString(run.log()));
        BytesOnRecord.verify("fixed", run.checkpoints);
    }

    @Test
    void endsWithTheSameBytesIfEachStepBeginsBeforeTheOneBeforeItIsRead() throws IOException, InterruptedException {
        TinyRun run = new TinyRun(folder);
        Map<String, String> ahead = Map.of("JAVA_TOOL_OPTIONS", "-D" + Learner.AHEAD + "=true");
        assertEquals(0, TinyRun.await(run.start(run.train(FLAGS), ahead)), Files.readString(run.log()));
        BytesOnRecord.verify("fixed", run.checkpoints);
    }

    @Test
    void anyNumberOfThreadsEndsWithTheSameBytes() throws IOException, InterruptedException {
        Path first = null;
        for (String threads : List.of("1", "2", "3")) {
            TinyRun run = new TinyRun(Files.createDirectory(folder.resolve(threads)));
            String[] flags = Stream.of(FLAGS, LEAVES, new String[] {"--threads", threads})
                    .flatMap(Stream::of)
                    .toArray(String[]::new);
            assertEquals(0, TinyRun.await(run.start(run.train(flags))), Files.readString(run.log()));
            first = first == null ? run.checkpoints : first;
            assertTrue(RunComparison.of(first, run.checkpoints).isEqual(), threads + " threads");
        }
        BytesOnRecord.verify("leaves", first);
    }
}
