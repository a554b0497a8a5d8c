package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.DurableFiles;
import perdure.data.Fingerprint;
import perdure.run.TrainingRun.Outcome;

/** A run that begins with the weights of another one. */
class FineTuningTest {
    @TempDir
    Path folder;

    private Path base;
    private Path text;

    @BeforeEach
    void trainBase() throws IOException {
        Path other = Files.writeString(folder.resolve("base.txt"), "The fox sees the dog. It runs away.\n".repeat(100));
        text = Files.writeString(folder.resolve("text.txt"), "The dog hears the cat. It sleeps.\n".repeat(100));
        base = folder.resolve("base");
        train(common(RunConfig.in(base)
                .data(other)
                .model(shape ->
                        shape.layers(1).heads(2).hiddenSize(16).context(16).vocabularySize(270))));
    }

    private static RunConfig common(RunConfig config) {
        return config.epochs(2)
                .stepsPerEpoch(6)
                .device("cpu")
                .threads(1)
                .optimization(optimization -> optimization.batchSize(4))
                .onMessage(message -> {});
    }

    private RunConfig tuned(String name) {
        return common(RunConfig.in(folder.resolve(name)).from(base).data(text));
    }

    private static Outcome train(RunConfig config) {
        try (TrainingRun run = TrainingRun.open(config)) {
            return run.train();
        }
    }

    private String weights(String run) throws IOException {
        return Fingerprint.of(folder.resolve(run).resolve("step-0000000012/model.safetensors"));
    }

    @Test
    void beginsWithTheWeightsAndTheTokenizerAndCountsAnew() throws IOException {
        train(tuned("run").maximumSteps(1).optimization(changed -> changed.learningRate(1e-12)));
        Path first = folder.resolve("run/step-0000000001");
        Path last = base.resolve("step-0000000012");
        assertEquals(-1, Files.mismatch(last.resolve("tokenizer.json"), first.resolve("tokenizer.json")));
        assertEquals(-1, Files.mismatch(last.resolve("config.json"), first.resolve("config.json")));
        assertEquals(-1, Files.mismatch(last.resolve("model.safetensors"), first.resolve("model.safetensors")));
    }

    @Test
    void stoppedAnywhereItEndsWithTheSameBytesAlsoWithoutItsBase() throws IOException {
        train(tuned("whole"));
        train(tuned("stopped").maximumSteps(2));
        train(tuned("stopped").maximumSteps(9));
        RunConfig again = tuned("stopped");
        DurableFiles.delete(base);
        assertEquals(Outcome.DONE, train(again));
        assertEquals(weights("whole"), weights("stopped"));
        assertEquals(Outcome.ALREADY_DONE, train(tuned("stopped")));
    }

    @Test
    void remembersWhatItBeganWith() throws IOException {
        train(tuned("run").maximumSteps(3));
        RunConfig remembered = RunConfig.resuming(folder.resolve("run"));
        assertEquals(base, remembered.fineTuning().from());
        assertEquals(tuned("run").fineTuning(), remembered.fineTuning());
        assertEquals(tuned("run").model(), remembered.model());
        assertEquals(tuned("run").rates(), remembered.rates());
        assertEquals(Outcome.DONE, train(common(remembered)));
    }

    @Test
    void warmsUpForATenthOfItsStepsUnlessTold() throws IOException {
        assertTrue(tuned("run").rates().shortWarmup());
        assertFalse(common(RunConfig.in(folder)).rates().shortWarmup());
        UnaryOperator<Optimization> told = changed -> changed.warmupSteps(100);
        train(tuned("told").optimization(told).maximumSteps(1));
        RunConfig remembered = RunConfig.resuming(folder.resolve("told"));
        assertFalse(remembered.rates().shortWarmup()); // As of runs that knew no other.
        train(tuned("whole").optimization(changed -> changed.warmupSteps(1)));
        train(tuned("usual").maximumSteps(5));
        train(tuned("usual"));
        assertEquals(weights("whole"), weights("usual"));
    }

    @Test
    void aCheckpointOfARunWillDo() throws IOException {
        train(tuned("newest"));
        train(common(RunConfig.in(folder.resolve("named"))
                .from(base.resolve("step-0000000012"))
                .data(text)));
        assertEquals(weights("newest"), weights("named"));
        train(common(RunConfig.in(folder.resolve("earlier"))
                .from(base.resolve("step-0000000006"))
                .data(text)));
        assertNotEquals(weights("newest"), weights("earlier"));
    }

    @Test
    void takesTheSequencesFromTheModelAndShorterOnesIfAsked() throws IOException {
        assertEquals(16, tuned("run").model().context());
        train(tuned("run").model(shape -> shape.context(8)));
        assertTrue(Files.readString(folder.resolve("run/step-0000000012/config.json"))
                .contains("\"max_position_embeddings\" : 16"));
        RunConfig longer = tuned("other");
        assertEquals(
                "context 32 is longer than the 16 tokens of the model in " + base + " (max_position_embeddings).",
                assertThrows(IllegalArgumentException.class, () -> longer.model(shape -> shape.context(32)))
                        .getMessage());
    }

    @Test
    void refusesAnotherShapeAndOtherWeightsLaterOn() throws IOException {
        UnaryOperator<ModelShape> deeper = shape -> shape.layers(2);
        assertThrows(IllegalArgumentException.class, () -> tuned("run").model(deeper));
        train(tuned("run").maximumSteps(3));
        RunConfig other = common(RunConfig.in(folder.resolve("run"))
                .from(base.resolve("step-0000000006"))
                .data(text));
        assertTrue(
                assertThrows(BadInputException.class, () -> train(other))
                        .getMessage()
                        .contains("the run began with other weights, of " + base),
                () -> "told");
        train(common(RunConfig.in(folder.resolve("random")).data(text).model(shape -> shape.hiddenSize(16)))
                .maximumSteps(3));
        RunConfig late = RunConfig.resuming(folder.resolve("random")).from(base);
        assertTrue(assertThrows(BadInputException.class, () -> train(common(late)))
                .getMessage()
                .contains("the run began with random weights"));
    }

    @Test
    void whatIsNoModelIsToldAndNothingIsWritten() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        RunConfig config = RunConfig.in(folder.resolve("run"));
        assertThrows(IllegalArgumentException.class, () -> config.from(empty));
        assertThrows(IllegalArgumentException.class, () -> config.from(Path.of("someone/model")));
        assertFalse(Files.exists(folder.resolve("run")));
    }
}
