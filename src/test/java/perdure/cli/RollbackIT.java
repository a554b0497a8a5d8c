package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.RunComparison;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.MetaStore;

/** A run whose newest checkpoint is damaged, again and again, ends as if nothing had been. */
class RollbackIT {

    @TempDir
    Path unbrokenFolder;

    @TempDir
    Path folder;

    private static final String[] FLAGS = {"--epochs", "3", "--steps-per-epoch", "20", "--checkpoint-every", "6"};

    @Test
    void theHistoryHasNoGapAndNoStepTwice() throws Exception {
        TinyRun unbroken = new TinyRun(unbrokenFolder);
        assertEquals(0, TinyRun.run(unbroken.train(FLAGS)).exitCode());

        TinyRun run = new TinyRun(folder);
        for (String limit : List.of("13", "25", "38", "57")) {
            List<String> command = run.train(FLAGS);
            command.addAll(List.of("--max-steps", limit));
            assertEquals(0, TinyRun.run(command).exitCode());
            assertEquals(
                    Long.valueOf(limit), new MetaStore(run.checkpoints).read().step());
            damageNewest(run.checkpoints);
        }
        TinyRun.Result last = TinyRun.run(run.train(FLAGS));

        assertEquals(0, last.exitCode(), last::err);
        assertTrue(last.out().contains("damaged") && last.out().contains("repeated"), last::out);
        assertTrue(RunComparison.of(unbroken.checkpoints, run.checkpoints).isEqual());
        assertEquals(
                List.of(10L, 20L, 30L, 40L, 50L, 60L),
                LossCurve.read(run.checkpoints, 100).steps().stream()
                        .map(LossCurve.Step::step)
                        .toList());
    }

    private static void damageNewest(Path runFolder) throws Exception {
        Path weights =
                runFolder.resolve(new MetaStore(runFolder).read().checkpoint()).resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes);
    }
}
