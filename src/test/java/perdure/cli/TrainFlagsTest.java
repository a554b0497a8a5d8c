package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import perdure.model.ModelConfig;
import perdure.train.AdamW;
import perdure.train.LearningRateSchedule;
import perdure.train.SaveInterval;
import perdure.train.TrainingOptions;
import perdure.train.TrainingOptions.Batching;
import picocli.CommandLine;

/** Every flag of {@code train} reaches the record that it is meant for, and each has its default. */
class TrainFlagsTest {
    private static TrainCommand parse(String... flags) {
        TrainCommand command = new TrainCommand();
        new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(flags);
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
                command.shape.config(303));
        assertEquals(300, command.shape.vocabularySize);
    }

    @Test
    void defaultShapeOfTheModel() {
        TrainCommand command = parse("--epochs", "1");
        assertEquals(ModelConfig.DEFAULT, command.shape.config(command.shape.vocabularySize + 3));
    }

    @Test
    void keyValueHeadsFollowHeadsAndTheFeedForwardFollowsTheWidth() {
        ModelConfig config = parse("--epochs", "1", "--heads", "6", "--hidden-size", "384")
                .shape
                .config(259);
        assertEquals(6, config.keyValueHeads());
        assertEquals(1024, config.intermediateSize());
    }

    @Test
    void optimization() {
        TrainCommand command =
                parse(("--epochs 7 --batch-size 3 --grad-accum 2 --learning-rate 0.01 --min-learning-rate 0.002"
                                + " --warmup-steps 5 --schedule wsd --weight-decay 0.3 --beta1 0.8 --beta2 0.9"
                                + " --grad-clip 0.5 --dropout 0.25 --steps-per-epoch 11 --max-steps 13"
                                + " --checkpoint-every 90 --seed 17")
                        .split(" "));
        assertEquals(
                new TrainingOptions(
                        7,
                        11,
                        13,
                        new Batching(3, 2),
                        new LearningRateSchedule(LearningRateSchedule.Kind.WSD, 0.01, 0.002, 5, 1),
                        0.5,
                        new SaveInterval(Duration.ZERO, 90),
                        17),
                command.run.options(7, command.optimization, command.shape));
        assertEquals(new AdamW.Settings(0.8, 0.9, 1e-8, 0.3), command.optimization.adamW());
        assertEquals(0.25, command.optimization.dropout);
    }

    @Test
    void optimizationDefaults() {
        TrainCommand command = parse("--epochs", "10");
        TrainingOptions options = command.run.options(command.epochs, command.optimization, command.shape);
        assertEquals(10, options.epochs());
        assertEquals(0, options.stepsPerEpoch());
        assertEquals(0, options.maximumSteps());
        assertEquals(1.0, options.gradientClip());
        assertEquals(new SaveInterval(Duration.ofSeconds(60), 0), options.saveInterval());
        assertEquals(0.005, options.schedule().peak());
        assertEquals(options.schedule().peak() / 10, options.schedule().floor());
        assertEquals(0.1, command.optimization.adamW().weightDecay());
        assertEquals(0.0, command.optimization.dropout);
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
                "--checkpoints",
                "d",
                "--keep",
                "5",
                "--device",
                "cuda:1",
                "--precision",
                "bf16",
                "--threads",
                "3",
                "--native-config",
                "e",
                "--host",
                "::1",
                "--port",
                "0",
                "--token",
                "secret",
                "--no-server",
                "--accept-changes");
        assertEquals(List.of(Path.of("a.txt"), Path.of("b.jsonl")), command.data.data);
        assertEquals(List.of(Path.of("c")), command.data.validation);
        assertEquals(Path.of("d"), command.run.folder.checkpoints);
        assertEquals(5, command.run.keep);
        assertTrue(command.run.acceptChanges);
        assertEquals("cuda:1", command.natives.device);
        assertEquals("bf16", command.natives.precision);
        assertEquals(3, command.natives.threads);
        assertEquals(Path.of("e"), command.natives.nativeConfig);
        assertEquals(0, command.serving.options().port());
        assertEquals("::1", command.serving.options().host());
        assertEquals("secret", command.serving.options().token());
        assertTrue(command.noServer);
    }

    @Test
    void dataAndRunDefaults() {
        TrainCommand command = parse("--epochs", "1");
        assertTrue(command.data.bundled());
        assertEquals(0.1, command.data.text().validationFraction());
        assertNull(command.data.text().validation());
        assertEquals(Path.of("checkpoints"), command.run.folder.checkpoints);
        assertEquals(2, command.run.keep);
        assertFalse(command.run.acceptChanges);
        assertEquals("auto", command.natives.device);
        assertEquals("fp32", command.natives.precision);
        assertNull(command.natives.threads);
        assertEquals("127.0.0.1", command.serving.options().host());
        assertEquals(8080, command.serving.options().port());
        assertFalse(command.noServer);
    }
}
