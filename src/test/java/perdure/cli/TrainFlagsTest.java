package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import perdure.data.Reading;
import perdure.data.Sequences;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.device.NativeConfig;
import perdure.device.Precision;
import perdure.distributed.Launch;
import perdure.distributed.Workers;
import perdure.model.ModelConfig;
import perdure.run.BadInputException;
import perdure.run.ModelShape;
import perdure.run.Optimization;
import perdure.run.RunConfig;
import perdure.run.TrainingRun;
import perdure.train.AdamW;
import perdure.train.LearningRateSchedule;
import perdure.train.SaveInterval;
import perdure.train.TrainingOptions.Batching;
import perdure.train.TrainingOptions.Limits;
import perdure.train.TrainingOptions.Validation;
import picocli.CommandLine;

/** Every flag of {@code train} reaches the record that it is meant for, and each has its default. */
class TrainFlagsTest {

    @TempDir
    Path empty;

    /** With a run folder that remembers nothing, unless the flags name another: the usual one may hold a run. */
    private TrainCommand parse(String... flags) {
        List<String> all = new ArrayList<>(List.of("--checkpoints", empty.toString()));
        Collections.addAll(all, flags);
        return parseAlone(all.toArray(String[]::new));
    }

    private static TrainCommand parseAlone(String... flags) {
        TrainCommand command = new TrainCommand();
        new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .parseArgs(flags);
        return command;
    }

    @Test
    void shapeOfTheModel() {
        TrainCommand command =
                parse(("--epochs 1 --layers 2 --heads 8 --kv-heads 2 --hidden-size 64 --intermediate-size 96"
                                + " --context 32 --vocab-size 300")
                        .split(" "));
        assertEquals(
                ModelConfig.DEFAULT
                        .withVocabularySize(303)
                        .withHiddenSize(64)
                        .withHeads(8, 2)
                        .withLayers(2)
                        .withIntermediateSize(96)
                        .withContext(32),
                command.config().model().config(303));
        assertEquals(300, command.config().model().vocabularySize());
    }

    @Test
    void defaultShapeOfTheModel() {
        ModelShape shape = parse("--epochs", "1").config().model();
        assertEquals(ModelConfig.DEFAULT, shape.config(shape.vocabularySize() + 3));
    }

    @Test
    void keyValueHeadsFollowHeadsAndTheFeedForwardFollowsTheWidth() {
        ModelConfig config = parse("--epochs", "1", "--heads", "6", "--hidden-size", "384")
                .config()
                .model()
                .config(259);
        assertEquals(6, config.keyValueHeads());
        assertEquals(1024, config.intermediateSize());
    }

    @Test
    void optimization() {
        TrainCommand command =
                parse(("--epochs 7 --batch-size 3 --grad-accum 2 --learning-rate 0.01 --min-learning-rate 0.002"
                                + " --warmup-steps 5 --schedule wsd --weight-decay 0.3 --beta1 0.8 --beta2 0.9"
                                + " --grad-clip 0.5 --dropout 0.25 --steps-per-epoch 11 --max-steps 13 --skip-bad-steps 5"
                                + " --checkpoint-every 90 --seed 17 --validate-every 9 --validation-steps 8 --patience 4"
                                + " --warn-after 2")
                        .split(" "));
        RunConfig config = command.config();
        assertEquals(
                new RunConfig.Length(7, 11, new Limits(13, null, 5), 17, new Validation(9, 8, 4, 2)), config.length());
        assertEquals(new SaveInterval(Duration.ZERO, 90), config.saving().every());
        assertEquals(
                new Optimization(
                        new Batching(3, 2),
                        0.01,
                        0.002,
                        5,
                        LearningRateSchedule.Kind.WSD,
                        new AdamW.Settings(0.8, 0.9, 1e-8, 0.3, false),
                        0.5,
                        0.25),
                config.optimization());
    }

    @Test
    void optimizationDefaults() {
        TrainCommand command = parse("--epochs", "10");
        assertEquals(Optimization.DEFAULT, command.config().optimization());
        assertEquals(ModelShape.DEFAULT, command.config().model());
        assertEquals(
                new RunConfig.Length(10, 0, Limits.NONE, 1337, Validation.DEFAULT),
                command.config().length());
        assertEquals(
                new SaveInterval(Duration.ofSeconds(60), 0),
                command.config().saving().every());
    }

    @Test
    void dataAndRun() {
        TrainCommand command = parse(
                "--epochs",
                "1",
                "--data",
                "a.txt",
                "b.jsonl",
                "--validation",
                "c",
                "--encoding",
                "latin1",
                "--skip-invalid",
                "--document-separator",
                "<|endoftext|>",
                "--pack",
                "documents",
                "--loss",
                "all",
                "--checkpoints",
                "d",
                "--keep",
                "5",
                "--keep-every",
                "700",
                "--device",
                "cuda:1",
                "--precision",
                "bf16",
                "--recompute",
                "--threads",
                "3",
                "--host",
                "::1",
                "--port",
                "0",
                "--token",
                "secret",
                "--no-server",
                "--accept-changes");
        RunConfig config = command.config();
        assertEquals(
                List.of(Path.of("a.txt"), Path.of("b.jsonl")), config.text().data());
        assertEquals(List.of(Path.of("c")), config.text().validation());
        assertEquals(
                new Reading(StandardCharsets.ISO_8859_1, true, "<|endoftext|>"),
                config.text().reading());
        assertEquals(new Sequences(Packing.DOCUMENTS, Loss.ALL), config.text().sequences());
        assertEquals(Path.of("d"), config.folder());
        assertEquals(5, config.saving().keep());
        assertEquals(700, config.saving().keepEvery());
        assertTrue(config.saving().acceptChanges());
        assertEquals("cuda:1", config.compute().device());
        assertEquals(Precision.BF16, config.compute().precision());
        assertTrue(config.compute().recompute());
        assertEquals(3, config.compute().natives().intraOpThreads());
        assertEquals(0, command.serving.options().port());
        assertEquals("::1", command.serving.options().host());
        assertEquals("secret", command.serving.options().access().token());
        assertTrue(command.noServer);
    }

    @Test
    void adaptersNeedAModel() {
        assertNull(parse("--epochs", "1").config().fineTuning().lora());
        BadInputException alone = assertThrows(BadInputException.class, parse("--epochs", "1", "--lora")::config);
        assertEquals("--lora needs --from FOLDER, the model whose adapters are trained.", alone.getMessage());
        BadInputException without = assertThrows(BadInputException.class, parse("--lora-rank", "2")::config);
        assertEquals("--lora-rank 2 is about adapters: --lora trains them.", without.getMessage());
    }

    @Test
    void recomputingIsTakenBack() {
        assertTrue(parse("--epochs", "1", "--recompute").config().compute().recompute());
        assertFalse(parse("--epochs", "1", "--recompute", "false")
                .config()
                .compute()
                .recompute());
    }

    @Test
    void dataAndRunDefaults() {
        TrainCommand command = parse("--epochs", "1");
        RunConfig config = command.config();
        assertEquals(RunConfig.Text.DEFAULT, config.text());
        assertEquals(
                Path.of("checkpoints"), parseAlone("--epochs", "1").flags.run.folder());
        assertEquals(RunConfig.in(command.flags.run.folder()).saving(), config.saving());
        assertEquals(
                new RunConfig.Compute(
                        "auto", Precision.FP32, false, 0, NativeConfig.standard(), Workers.Options.DEFAULT),
                config.compute());
        assertEquals("127.0.0.1", command.serving.options().host());
        assertEquals(8080, command.serving.options().port());
        assertFalse(command.noServer);
    }

    private static Workers.Options workers(RankFlags flags, Map<String, String> environment) {
        return flags.options(Workers.Options.DEFAULT, environment);
    }

    @Test
    void severalProcesses() {
        Map<String, String> launched =
                Map.of("RANK", "1", "WORLD_SIZE", "4", "MASTER_ADDR", "here", "MASTER_PORT", "5");
        assertEquals(
                "torchrun",
                workers(parse("--epochs", "1").ranks, launched).launch().launcher());
        Workers.Options flags = workers(
                parse(("--rank 1 --world-size 2 --coordinator there:7 --exchange-timeout 3m --silence 2500ms"
                                        + " --bucket-size 4MB")
                                .split(" "))
                        .ranks,
                launched);
        assertEquals(
                new Workers.Options(
                        Launch.of(1, 2, "there:7"), Duration.ofMinutes(3), Duration.ofMillis(2500), 4_000_000),
                flags);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--rank 0 --world-size 2 | --coordinator is missing: --rank, --world-size and --coordinator go together.",
                "--rank 2 --world-size 2 --coordinator a:1 | --rank 2 is not one of 2 ranks, 0 to 1.",
                "--rank 0 --world-size 3 --coordinator a:1 | --world-size 3 is not a power of two: 1, 2, 4, 8, …",
                "--rank 0 --world-size 2 --coordinator a | --coordinator a is not HOST:PORT.",
                "--rank 0 --world-size 2 --coordinator a:0 | --coordinator a:0: port 0 is not a number from 1 to 65535.",
                "--rank 0 --world-size 2 --coordinator a,b:1 | --coordinator a,b:1: host a,b is not the name or the address"
                        + " of a machine.",
                "--silence 5 | --silence 5: 5 is not a duration of at most 365 days, such as 90s, 55m, 1.5h or 2h30m.",
                "--silence 1900ms | --silence 1900 ms is shorter than 2 s: a process is heard once per second.",
                "--bucket-size 0MB | --bucket-size 0MB: 0MB is not a number of bytes, such as 25MB.",
                "--bucket-size big | --bucket-size big: big is not a number of bytes, such as 25MB.",
            })
    void whatSeveralProcessesCannotUseIsRefused(String flags, String message) {
        RankFlags ranks = parse(flags.split(" ")).ranks;
        assertEquals(
                message,
                assertThrows(BadInputException.class, () -> workers(ranks, Map.of()))
                        .getMessage());
    }

    @Test
    void theOptimizerIsSharded() {
        assertTrue(parse("--epochs", "1", "--shard-optimizer")
                .config()
                .optimization()
                .adamW()
                .sharded());
        RunConfig config = parse(("--epochs 1 --grad-accum 128 --shard-optimizer true --rank 1 --world-size 128"
                                + " --coordinator there:7")
                        .split(" "))
                .config();
        assertEquals(
                "shard optimizer is for 64 ranks at most, not for 128.",
                assertThrows(BadInputException.class, () -> TrainingRun.open(config))
                        .getMessage());
    }

    @Test
    void ranksShareAStepEvenly() {
        RunConfig config = parse("--epochs 1 --grad-accum 6 --rank 1 --world-size 4 --coordinator there:7".split(" "))
                .config();
        assertEquals(
                "grad accum 6 cannot be shared evenly by 4 ranks: each trains on as many micro-batches of a step.",
                assertThrows(BadInputException.class, () -> TrainingRun.open(config))
                        .getMessage());
    }
}
