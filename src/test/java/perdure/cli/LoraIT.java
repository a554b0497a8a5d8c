package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import perdure.model.LoraConfig;
import perdure.run.RunConfig;

/** Adapters of a trained model, by the real commands. */
class LoraIT extends TinyRunTest {

    private Path base;
    private Path run;

    @BeforeEach
    void trainBase() {
        TinyRun.Result result = TinyRun.run(tiny.train("--epochs", "2", "--layers", "2"));
        assertEquals(0, result.exitCode(), result.err());
        base = tiny.newest();
        run = folder.resolve("adapted");
    }

    private List<String> train(String... flags) {
        List<String> command = new ArrayList<>(List.of("train", "--no-server", "--device", "cpu", "--threads", "1"));
        Collections.addAll(command, "--data", tiny.data.toString(), "--checkpoints", run.toString());
        Collections.addAll(command, "--from", base.toString(), "--batch-size", "4", "--epochs", "50");
        Collections.addAll(command, "--warmup-steps", "0", "--learning-rate", "0.01");
        Collections.addAll(command, flags);
        return command;
    }

    private TinyRun.Result generate(Path checkpoints) {
        return TinyRun.run(List.of(
                "generate",
                "--device",
                "cpu",
                "--threads",
                "1",
                "--checkpoints",
                checkpoints.toString(),
                "--text",
                "The fox"));
    }

    @Test
    void aKilledRunEqualsAnUnbrokenOne() {
        List<String> command = train("--lora", "--lora-rank", "2", "--max-steps", "400", "--recompute");
        Collections.addAll(command, "--kills", "2", "--kill-seed", "1");
        command.set(0, "verify-resume");
        TinyRun.Result result = tiny.runApart(command);
        assertEquals(0, result.exitCode(), () -> result.out() + result.err());
        assertTrue(result.out().matches("(?s).*EQUAL to the byte: [12] kills.*"), result::out);
        assertTrue(result.out().matches("(?s).* adapter_model.safetensors .*SHA-256.*"), result::out);
    }

    @Test
    void theFlagsReachTheRunAndItsCheckpointAnswers() throws IOException {
        TinyRun.Result trained = TinyRun.run(train(
                "--lora",
                "--lora-rank",
                "3",
                "--lora-alpha",
                "9",
                "--lora-dropout",
                "0.1",
                "--lora-targets",
                "v_proj,q_proj",
                "--lora-base",
                "fp32",
                "--max-steps",
                "30"));
        assertEquals(0, trained.exitCode(), trained.err());
        assertTrue(trained.out().contains("of adapters, which are trained"), trained::out);
        assertEquals(
                new LoraConfig(3, 9, 0.1, List.of("q_proj", "v_proj"), false),
                RunConfig.resuming(run).fineTuning().lora());
        TinyRun.Result answer = generate(run);
        assertEquals(0, answer.exitCode(), answer.err());
        assertNotEquals(generate(tiny.checkpoints).out(), answer.out());
        Files.move(base, base.resolveSibling("elsewhere"));
        TinyRun.Result without = generate(run);
        assertEquals(2, without.exitCode());
        assertTrue(without.err().contains(base.toString()), without::err);
        assertEquals(1, without.err().lines().count(), without::err);
    }

    @Test
    void badInputIsOneLineAndNothingIsWritten() {
        refused("--lora-rank 0 is not from 1", "--lora", "--lora-rank", "0");
        refused("--lora-targets have \"query\"", "--lora", "--lora-targets", "q_proj,query");
        refused("q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj", "--lora", "--lora-targets", "query");
        refused("--lora-alpha -1.0 is not a positive number", "--lora", "--lora-alpha", "-1");
        refused("--lora-dropout 1.0 is not", "--lora", "--lora-dropout", "1");
        refused("--lora-base fp8 is not one of fp32, bf16", "--lora", "--lora-base", "fp8");
        refused("--lora trains them", "--lora-rank", "8");
        refused("--lora-from", "--lora-from", base.toString());
        refused("does not fit this base", "--lora-from", "src/test/resources/golden/lora/adapter");
    }

    private void refused(String told, String... flags) {
        TinyRun.Result result = TinyRun.run(train(flags));
        assertEquals(2, result.exitCode(), result::err);
        assertTrue(result.err().contains(told), result::err);
        assertEquals(1, result.err().lines().count(), result::err);
        assertFalse(Files.exists(run.resolve("current.meta.json")));
    }

    @Test
    void anotherBaseIsRefusedLaterOn() {
        assertEquals(0, TinyRun.run(train("--lora", "--max-steps", "3")).exitCode());
        TinyRun.Result result = TinyRun.run(train(
                "--lora", "--from", tiny.checkpoints.resolve("step-0000000005").toString()));
        assertEquals(2, result.exitCode(), result::err);
        assertTrue(result.err().contains("the run began with other weights, of " + base), result::err);
        assertEquals(1, result.err().lines().count(), result::err);
    }
}
