package perdure.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Restart;
import perdure.checkpoint.TokenizerFiles;
import perdure.data.BatchLoader;
import perdure.data.Corpus;
import perdure.data.Sequences;
import perdure.data.TokenizingOptions;
import perdure.data.TrainingText;
import perdure.data.TrainingText.Dataset;
import perdure.device.Devices;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.status.TrainingStatus;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;
import perdure.train.Trainer.Outcome;

/** A trainer with everything it needs: a few sentences as text, and a model of a thousand weights. */
final class TinyTraining {
    static final int CONTEXT = 8;
    static final long SEED = 3;
    static final int STEPS = 11;

    /** Two micro-batches per step and two epochs. Each epoch is evaluated in three batches. */
    static final int QUESTIONS_IN_TRAINING = 2 * STEPS;

    static final int QUESTIONS_IN_AN_EPOCH = QUESTIONS_IN_TRAINING + 3;

    private final Path folder;
    private final TrainingText corpus;
    private final AtomicReference<TrainingStatus> status = new AtomicReference<>();

    // A test may change these before a run.
    int epochs = 2;
    int hiddenSize = 8;
    Supplier<String> sample = () -> "text";
    BooleanSupplier stop = () -> false;
    TrainingOptions.Limits limits = TrainingOptions.Limits.NONE;
    double learningRate = 0.01;
    double gradientClip = 1.0;

    /** Steps of the whole run, from one, whose gradients are not finite. */
    Set<Long> badSteps = Set.of();

    /** The requests of the run in progress. */
    volatile StopRequests duringTraining;

    /** @param folder for the text and its tokens */
    TinyTraining(Path folder) throws IOException {
        NativeRuntime.load();
        this.folder = folder;
        Path text = folder.resolve("text.txt");
        Path heldOut = folder.resolve("held-out.txt");
        Files.writeString(text, "the cat sat on the mat and the dog saw it. ".repeat(20));
        Files.writeString(heldOut, "the dog sat on the cat. ".repeat(2));
        corpus = new TrainingText(Corpus.files(List.of(text)), Corpus.files(List.of(heldOut)), 0.1, true);
    }

    static ModelConfig shape(int vocabularySize, int hiddenSize) {
        return ModelConfig.DEFAULT
                .withVocabularySize(vocabularySize)
                .withHiddenSize(hiddenSize)
                .withHeads(2, 2)
                .withLayers(1)
                .withIntermediateSize(16)
                .withContext(CONTEXT);
    }

    private TrainingOptions options() {
        return new TrainingOptions(
                epochs,
                STEPS,
                limits,
                new TrainingOptions.Batching(2, 2),
                new LearningRateSchedule(LearningRateSchedule.Kind.COSINE, learningRate, 0.001, 3, false, 1),
                gradientClip,
                TrainingOptions.Validation.DEFAULT,
                SEED);
    }

    /** Makes gradients of some steps NaN just before they are clipped. */
    private final class Spoiling implements Optimizer {
        private final AdamW adamW;
        private final LanguageModel model;
        private long step;
        private boolean there;

        Spoiling(AdamW adamW, LanguageModel model, long stepsBefore) {
            this.adamW = adamW;
            this.model = model;
            step = stepsBefore;
        }

        /** The first use in a step that finds them there clips them. */
        @Override
        public Gradients gradients() {
            try (PointerScope scope = new PointerScope()) {
                Tensor gradient = model.matrices().get(0).grad();
                boolean clips = gradient.defined() && !there;
                there = gradient.defined();
                if (clips && badSteps.contains(++step)) {
                    gradient.fill_(new Scalar(Double.NaN));
                }
            }
            return adamW.gradients();
        }

        @Override
        public void step(double rate, Tensor skip) {
            adamW.step(rate, skip);
        }

        @Override
        public long steps() {
            return adamW.steps();
        }

        /** A step that was begun in vain, after a bad one, comes again. */
        @Override
        public void steps(long steps) {
            step -= Math.max(0, adamW.steps() - steps - 1);
            adamW.steps(steps);
        }

        @Override
        public boolean isSharded() {
            return adamW.isSharded();
        }

        @Override
        public void saveMoments(Consumer<Map<String, Tensor>> to) {
            adamW.saveMoments(to);
        }

        @Override
        public void loadMoments(Consumer<Map<String, Tensor>> from) {
            adamW.loadMoments(from);
        }

        @Override
        public void close() {
            // The caller closes the optimizer behind it.
        }
    }

    /** Trains as one process does: from what the run folder holds to the end, or to a stop. */
    Outcome train(Path runFolder) throws IOException {
        Files.createDirectories(runFolder);
        try (Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), ByteLevelBpeTrainer.BYTES));
                Device device = Devices.resolve("cpu");
                LanguageModel model = new LanguageModel(shape(tokenizer.vocabularySize(), hiddenSize), SEED)) {
            model.dropout(0.2);
            Dataset dataset = corpus.open(folder, tokenizer, SEED, TokenizingOptions.of(() -> false));
            TrainingOptions options = options();
            Restart restart = Restart.find(runFolder);
            StopRequests requests = new StopRequests(limits.deadline()) {
                @Override
                public synchronized boolean any() {
                    return stop.getAsBoolean() || super.any();
                }
            };
            duringTraining = requests;
            long before = restart.position().step();
            try (AdamW adamW = new AdamW(model, AdamW.Settings.DEFAULT);
                    Optimizer optimizer = new Spoiling(adamW, model, before);
                    BatchLoader batches = BatchLoader.shuffled(dataset.training(), Sequences.PLAIN, CONTEXT, 2, SEED);
                    BatchLoader validation = BatchLoader.sequential(dataset.validation(), Sequences.PLAIN, CONTEXT, 2);
                    LossHistory history = LossHistory.open(runFolder, restart.position());
                    RunWriter writer = new RunWriter(
                            CheckpointStore.open(runFolder, 2, history),
                            history,
                            SaveInterval.parse("1h"),
                            TokenizerFiles.of(tokenizer, CONTEXT),
                            Map.of(),
                            requests)) {
                return new Trainer(
                                options,
                                new Learner(model, optimizer, device, Precision.FP32),
                                batches,
                                new Evaluator(validation, validation.counted(tokenizer, 0), 0),
                                writer,
                                new Reporter(status::set, line -> {}, sample, null, null, null),
                                requests)
                        .run(restart);
            }
        }
    }

    /** The last published status. */
    TrainingStatus status() {
        return status.get();
    }
}
