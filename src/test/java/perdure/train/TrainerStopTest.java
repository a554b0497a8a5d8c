package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.RunComparison;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Restart;
import perdure.checkpoint.TokenizerFiles;
import perdure.checkpoint.TrainerState.Position;
import perdure.data.BatchLoader;
import perdure.data.Corpus;
import perdure.data.TrainingText;
import perdure.data.TrainingText.Dataset;
import perdure.device.Devices;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;
import perdure.train.Trainer.Outcome;

/** Asked to stop at any place where it listens, a run that is carried on ends with the bytes of one that was not. */
class TrainerStopTest {
    private static final int CONTEXT = 8;
    private static final long SEED = 3;
    private static final int STEPS = 11;

    /** Two micro-batches a step and two epochs; each is evaluated in three batches. */
    private static final int QUESTIONS_IN_TRAINING = 2 * STEPS;

    private static final int QUESTIONS_IN_AN_EPOCH = QUESTIONS_IN_TRAINING + 3;

    private static final TrainingOptions OPTIONS = new TrainingOptions(
            2,
            STEPS,
            0,
            new TrainingOptions.Batching(2, 2),
            new LearningRateSchedule(LearningRateSchedule.Kind.COSINE, 0.01, 0.001, 3, 1),
            1.0,
            SaveInterval.parse("1h"),
            SEED);

    @TempDir
    Path folder;

    private Path text;
    private Path heldOut;

    @BeforeEach
    void write() throws Exception {
        NativeRuntime.load();
        text = Files.writeString(folder.resolve("text.txt"), "the cat sat on the mat and the dog saw it. ".repeat(20));
        heldOut = Files.writeString(folder.resolve("held-out.txt"), "the dog sat on the cat. ".repeat(2));
    }

    /** Asked as often as this process listens, it says no until the n-th time, and yes from there on. */
    private Outcome train(Path runFolder, long times) throws Exception {
        long[] left = {times};
        Files.createDirectories(runFolder);
        TrainingText corpus = new TrainingText(Corpus.files(List.of(text)), Corpus.files(List.of(heldOut)), 0.1);
        try (Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), ByteLevelBpeTrainer.BYTES));
                Device device = Devices.resolve("cpu");
                LanguageModel model = new LanguageModel(
                        ModelConfig.DEFAULT
                                .withVocabularySize(tokenizer.vocabularySize())
                                .withHiddenSize(8)
                                .withHeads(2, 2)
                                .withLayers(1)
                                .withIntermediateSize(16)
                                .withContext(CONTEXT),
                        SEED)) {
            model.dropout(0.2);
            Dataset dataset = corpus.open(folder, tokenizer, () -> false);
            Restart restart = Restart.find(runFolder);
            try (AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT);
                    BatchLoader batches = BatchLoader.shuffled(dataset.training(), CONTEXT, 2, SEED);
                    BatchLoader validation = BatchLoader.sequential(dataset.validation(), CONTEXT, 2);
                    LossHistory history = LossHistory.open(runFolder, restart.position());
                    RunWriter writer = new RunWriter(
                            CheckpointStore.open(runFolder, 2, history),
                            history,
                            OPTIONS.saveInterval(),
                            TokenizerFiles.of(tokenizer),
                            Map.of())) {
                return new Trainer(
                                OPTIONS,
                                new Learner(model, optimizer, device, Precision.FP32),
                                batches,
                                new Evaluator(validation, dataset.validationBytes()),
                                writer,
                                new Reporter(status -> {}, line -> {}, () -> "text"),
                                () -> --left[0] < 0)
                        .run(restart);
            }
        }
    }

    private Path unbroken() throws Exception {
        Path unbroken = folder.resolve("unbroken");
        assertEquals(Outcome.DONE, train(unbroken, Long.MAX_VALUE));
        return unbroken;
    }

    @Test
    void endsWithTheSameBytesWhereverItWasStopped() throws Exception {
        Path unbroken = unbroken();
        int questions = 2 * QUESTIONS_IN_AN_EPOCH;
        for (int times = 0; times < questions; times++) {
            Path broken = folder.resolve("broken-" + times);
            assertEquals(Outcome.STOPPED, train(broken, times), "stopped at question " + times);
            int inEpoch = Math.min(times % QUESTIONS_IN_AN_EPOCH, QUESTIONS_IN_TRAINING);
            Position position = Restart.find(broken).checkpoint().state().position();
            assertEquals(times / QUESTIONS_IN_AN_EPOCH, position.epoch());
            assertEquals(inEpoch / 2, position.epochStep());
            assertEquals(
                    times / QUESTIONS_IN_AN_EPOCH,
                    LossCurve.read(broken, 100).epochs().size());

            assertEquals(Outcome.DONE, train(broken, Long.MAX_VALUE));
            assertTrue(RunComparison.of(unbroken, broken).isEqual(), "stopped at question " + times);
        }
        assertEquals(Outcome.DONE, train(folder.resolve("enough"), questions));
    }

    @Test
    void endsWithTheSameBytesThoughItWasStoppedAgainAndAgain() throws Exception {
        Path broken = folder.resolve("broken");
        int processes = 1;
        // Four questions are two steps, or an evaluation of three and half a step, which is made anew.
        while (train(broken, 4) == Outcome.STOPPED) {
            processes++;
        }
        assertTrue(processes > STEPS, () -> "in all that often");
        assertTrue(RunComparison.of(unbroken(), broken).isEqual());
    }
}
