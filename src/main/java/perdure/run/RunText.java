package perdure.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import perdure.bundled.BundledCorpus;
import perdure.bundled.Question;
import perdure.checkpoint.DurableFiles;
import perdure.checkpoint.PretrainedFolder;
import perdure.checkpoint.RunLock;
import perdure.data.BatchLoader;
import perdure.data.BatchLoader.Counted;
import perdure.data.LearntTokenizer;
import perdure.data.Sequences;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.data.TokenizingOptions;
import perdure.data.TrainingText;
import perdure.data.TrainingText.Dataset;
import perdure.device.DaemonThread;
import perdure.status.TrainingStatus;
import perdure.tokenizer.Tokenizer;

/**
 * The text of a run on its way to batches: which tokenizer it gets, which tokens it comes to, and what of it is refused.
 * It also knows the model that a run begins with, since that brings a tokenizer.
 */
final class RunText {
    private final RunConfig config;
    private final AtomicReference<TrainingStatus> status;
    private final BooleanSupplier stop;
    private final BundledCorpus bundled; // null: the run has data of its own
    private TrainingText text;
    private PretrainedFolder pretrained;
    private CompletableFuture<LearntTokenizer> learning;

    /**
     * Looks at the files, but does not yet read them.
     *
     * @param status receives how far the text is made into tokens
     * @param stop asked while text is read
     */
    RunText(RunConfig config, AtomicReference<TrainingStatus> status, BooleanSupplier stop) {
        this.config = config;
        this.status = status;
        this.stop = stop;
        bundled = config.text().isBundled() ? new BundledCorpus() : null;
        text = config.text().open(bundled);
    }

    /** What is trained on, in a few words. */
    String data() {
        return bundled != null
                ? "bundled conversations"
                : config.text().data().stream().map(Path::toString).collect(Collectors.joining(", "));
    }

    /** The questions of the bundled corpus that are never trained on; none of other text. */
    List<Question> exam() {
        return bundled == null ? List.of() : bundled.heldOut();
    }

    TrainingText text() {
        return text;
    }

    /** From now on the text is that which a run recorded. */
    void asRecorded(RunIdentity saved) {
        text = text.recordedAs(
                saved.values().get(RunIdentity.DATA), saved.values().get(RunIdentity.VALIDATION_DATA), stop);
    }

    /** Begins to learn the tokenizer of a new run from the bundled text, on a thread of its own. */
    void learnAhead() {
        if (bundled != null && config.fineTuning().from() == null) {
            learning = CompletableFuture.supplyAsync(this::learnNow, DaemonThread.named("bundled-text"));
        }
    }

    private LearntTokenizer learnNow() {
        return LearntTokenizer.learn(text.training(), config.model().vocabularySize(), stop);
    }

    private LearntTokenizer learn() {
        try {
            return learning == null ? learnNow() : learning.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        }
    }

    /**
     * The tokenizer of a new run, and what it was learnt from.
     *
     * @param source null if it is that of a given model
     * @param textWasRead whether this process has read the whole text already
     */
    record NewTokenizer(LearntTokenizer source, Tokenizer tokenizer, boolean textWasRead) implements AutoCloseable {
        @Override
        public void close() {
            tokenizer.close();
        }
    }

    NewTokenizer newTokenizer() {
        Path prepared = text.training().prepared();
        if (config.fineTuning().from() == null && prepared == null) {
            return learnTokenizer();
        }
        Tokenizer tokenizer = config.fineTuning().from() != null
                ? BadInputException.naming("from", () -> config.fineTuning().tokenizer(pretrained()))
                : config.preparedTokenizer();
        requireLearned(check(text, tokenizer, stop));
        tellNotes();
        requireEnough(tokenizer);
        return new NewTokenizer(null, tokenizer, true);
    }

    /**
     * Reads all text once, to find errors in it, and conversations that have no form in the chat template of a given
     * tokenizer: those that it refuses, or whose answers nobody can tell apart from the rest.
     *
     * @param stop asked between passages
     * @return how many passages of the training text the loss on assistant turns counts
     * @throws CancellationException if {@code stop} returns true
     * @throws BadInputException that names the file and the place
     */
    static long check(TrainingText text, Tokenizer tokenizer, BooleanSupplier stop) {
        long learned = BadInputException.naming("data", () -> text.training().check(tokenizer, stop));
        if (text.validation() != null) {
            BadInputException.checking("validation", () -> text.validation().check(tokenizer, stop));
        }
        return learned;
    }

    /** The one that an earlier process learnt from the same text, if there is one. Else reads all text once. */
    private NewTokenizer learnTokenizer() {
        int vocabularySize = config.model().vocabularySize();
        LearntTokenizer earlier = LearntTokenizer.read(config.folder(), text.training(), vocabularySize);
        if (earlier == null && text.validation() != null) {
            BadInputException.checking("validation", () -> text.validation().check(stop));
        }
        LearntTokenizer learnt = earlier != null ? earlier : BadInputException.naming("data", this::learn);
        if (earlier == null) {
            tellNotes();
        }
        requireLearned(learnt.learned());
        Tokenizer tokenizer = Tokenizer.of(learnt.json());
        requireEnough(tokenizer);
        return new NewTokenizer(learnt, tokenizer, earlier == null);
    }

    /** Tells what the last reading found that people should know. */
    void tellNotes() {
        text.notes().forEach(this::say);
    }

    /** @param passages of which the loss on assistant turns counts something */
    private void requireLearned(long passages) {
        if (passages == 0 && config.text().sequences().loss() != Loss.ALL) {
            throw new BadInputException(
                    "data",
                    "data has nothing to learn: no assistant says anything. A loss on all tokens would count them.");
        }
    }

    /** @throws BadInputException if there are too few tokens for a row, or to validate with */
    void requireEnough(Tokenizer tokenizer) {
        BadInputException.checking(
                "context",
                () -> text.requireTraining(
                        config.model().context(), config.text().sequences().packing(), tokenizer, stop));
        BadInputException.checking(
                text.validation() == null ? "validation fraction" : "validation",
                () -> text.requireValidation(tokenizer, stop));
    }

    /** The model that the run begins with. Opened once: if it is a run's, a newer checkpoint may follow. */
    PretrainedFolder pretrained() {
        if (pretrained == null) {
            pretrained = FineTuning.pretrained(config.fineTuning().from());
        }
        return pretrained;
    }

    /**
     * Fingerprint of the weights that the run began with; empty if they were random. Those of a resumed run need not be
     * there now, unless they are the base of adapters.
     */
    String fingerprintOfFrom(RunIdentity saved) {
        Path from = config.fineTuning().from();
        if (from == null) {
            return "";
        }
        return saved != null
                        && config.fineTuning().lora() == null
                        && Remembered.paths(List.of(from)).equals(saved.values().get(RunIdentity.FROM))
                ? saved.values().get(RunIdentity.FROM_WEIGHTS)
                : pretrained().fingerprint();
    }

    /**
     * The tokens for the first rank, in the run folder.
     *
     * @param lock of the folder
     */
    Dataset open(NewTokenizer fresh, Tokenizer tokenizer, RunLock lock) {
        Runnable held = () -> requireHeld(lock);
        Dataset dataset = BadInputException.naming(
                "data",
                () -> fresh == null || fresh.source() == null
                        ? open(config.folder(), tokenizer, 0, held)
                        : openNew(fresh.source(), tokenizer, held));
        if (fresh != null && !fresh.textWasRead()) {
            tellNotes();
        }
        return dataset;
    }

    /** The tokens for another rank, in that folder. */
    Dataset open(Path folder, Tokenizer tokenizer) {
        return BadInputException.naming("data", () -> open(folder, tokenizer, 0, () -> {}));
    }

    private void requireHeld(RunLock lock) {
        try {
            lock.requireHeld();
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "Tokens cannot be written to " + config.folder() + ": " + DurableFiles.cause(problem), problem);
        }
    }

    /** What was learnt stays in the run folder until a checkpoint has the tokenizer. */
    private Dataset openNew(LearntTokenizer learnt, Tokenizer tokenizer, Runnable held) {
        learnt.write(config.folder());
        try {
            Dataset dataset = open(config.folder(), tokenizer, learnt.characters(), held);
            if (!learnt.fingerprint().equals(text.training().fingerprint(stop))) {
                LearntTokenizer.delete(config.folder());
                throw new IllegalStateException("The data changed after the tokenizer was learnt from it. Start again"
                        + " when nothing writes to it.");
            }
            return dataset;
        } catch (IllegalArgumentException badText) {
            LearntTokenizer.delete(config.folder());
            throw badText;
        }
    }

    /**
     * @param characters of the training text; 0 if they are not known
     * @param held called as often as progress is told; throws if others may write to the folder
     */
    private Dataset open(Path folder, Tokenizer tokenizer, long characters, Runnable held) {
        TokenizingProgress progress =
                new TokenizingProgress(characters, line -> status.updateAndGet(last -> last.withMessage(line)));
        Dataset dataset = text.open(
                folder,
                tokenizer,
                config.length().seed(),
                new TokenizingOptions(
                        Runtime.getRuntime().availableProcessors(),
                        done -> {
                            held.run();
                            progress.accept(done);
                            config.listeners().progress().accept(status.get());
                        },
                        stop));
        status.updateAndGet(last -> last.withMessage(null));
        return dataset;
    }

    /** How documents become rows: as was asked for, else as the run recorded; of a new run what suits its documents. */
    Sequences sequences(RunIdentity saved, boolean hasConversations) {
        return config.text().sequences().orElse(saved != null ? saved.sequences() : Sequences.usual(hasConversations));
    }

    /** @throws BadInputException if rows are to be shuffled in groups and cannot */
    static void requireGroups(RunConfig config, Packing packing) {
        long group = config.text().shuffleGroup();
        if (group > 0 && packing == Packing.DOCUMENTS) {
            throw new BadInputException(
                    "shuffle group",
                    "shuffle group " + group + " is for text that is cut: documents that share a row come from"
                            + " anywhere. Leave it out, or set pack none.");
        }
    }

    /** The validation text of very little data may have nothing that counts: then everything does. */
    Sequences validating(Dataset dataset, Sequences sequences) {
        Sequences used = RunOutlook.validating(dataset, sequences);
        if (!used.equals(sequences)) {
            say("No assistant says anything in the validation text: its loss is that of all tokens.");
        }
        return used;
    }

    /** The batches that evaluations read. */
    BatchLoader heldOut(Dataset dataset, Sequences validating) {
        return BadInputException.naming(
                text.validation() == null ? "validation fraction" : "validation",
                () -> BatchLoader.sequential(
                        dataset.validation(),
                        validating,
                        config.model().context(),
                        config.optimization().batching().size()));
    }

    /** What evaluations count. It reads their tokens, so that what is wrong with these is known before the first step. */
    Counted counted(Dataset dataset, Sequences validating, Tokenizer tokenizer) {
        try (BatchLoader heldOut = heldOut(dataset, validating)) {
            return BadInputException.naming(
                    text.validation() == null ? "data" : "validation",
                    () -> heldOut.counted(
                            tokenizer, config.length().validation().batches()));
        }
    }

    private void say(String line) {
        config.listeners().messages().accept(line);
    }
}
