package perdure.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.DurableFiles;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.Restart.NoGoodCheckpointException;
import perdure.data.Fingerprint;
import perdure.device.NativeRuntime;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.run.TrainingRun.Outcome;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingStatus;
import perdure.train.TrainingOptions;

/** The front door, as a program in the same process uses it. */
class TrainingRunTest {
    @TempDir
    Path folder;

    private final List<String> messages = new ArrayList<>();

    private RunConfig config(String name) throws IOException {
        Path text = folder.resolve("text.txt");
        if (Files.notExists(text)) {
            Files.writeString(text, "The fox sees the dog. The dog hears the cat.\n".repeat(30));
        }
        return RunConfig.in(folder.resolve(name))
                .data(text)
                .epochs(2)
                .stepsPerEpoch(6)
                .device("cpu")
                .threads(1)
                .model(shape ->
                        shape.layers(1).heads(2).hiddenSize(16).context(16).vocabularySize(256))
                .optimization(optimization -> optimization.batchSize(4))
                .onMessage(messages::add);
    }

    private static Outcome train(RunConfig config) {
        try (TrainingRun run = TrainingRun.open(config)) {
            return run.train();
        }
    }

    @Test
    void aGpuWithoutMemorySaysWhatTookIt() {
        NativeRuntime.load();
        RuntimeException other = new RuntimeException("no memory");
        RuntimeException cuda = new RuntimeException("CUDA out of memory. Tried to allocate 2.00 GiB.\nframes");
        IllegalStateException notSaved = new IllegalStateException("not saved");
        cuda.addSuppressed(notSaved);
        ModelConfig shape = ModelConfig.DEFAULT.withLayers(2).withVocabularySize(300);
        try (LanguageModel model = new LanguageModel(shape, 1)) {
            TrainingOptions.Batching batch = new TrainingOptions.Batching(8, 2);
            assertSame(other, TrainingRun.withSizes(other, batch, model));
            RuntimeException told = TrainingRun.withSizes(cuda, batch, model);
            assertEquals(
                    "CUDA out of memory with batch size 8, context 128, 2 layers, hidden size 128 and vocabulary 300."
                            + " Tried to allocate 2.00 GiB.",
                    told.getMessage().lines().findFirst().orElseThrow());
            assertArrayEquals(new Throwable[] {notSaved}, told.getSuppressed());
        }
    }

    @Test
    void severalRunsFollowOneAnotherInAProcess() throws IOException {
        assertEquals(Outcome.DONE, train(config("first")));
        assertEquals(Outcome.DONE, train(config("second")));
        assertEquals(Outcome.ALREADY_DONE, train(config("first")));
        assertEquals(
                "Requested epochs already completed (last=1). Skipping training.", messages.get(messages.size() - 1));
    }

    @Test
    void theLearntTokenizerLeavesTheRunFolderWhenACheckpointHasIt() throws IOException {
        train(config("run"));
        assertTrue(Files.exists(folder.resolve("run").resolve("step-0000000012").resolve("tokenizer.json")));
        assertFalse(Files.exists(folder.resolve("run").resolve("learnt-tokenizer.json")));
    }

    private Path finished(String name) throws IOException {
        assertEquals(Outcome.DONE, train(config(name).keep(4)));
        return folder.resolve(name).resolve("step-0000000012");
    }

    private static String weights(Path checkpoint) throws IOException {
        return Fingerprint.of(checkpoint.resolve("model.safetensors"));
    }

    @Test
    void whoseLastCheckpointIsDamagedTrainsTheRestAgain() throws IOException {
        Path last = finished("run");
        String before = weights(last);
        Files.write(last.resolve("model.safetensors"), new byte[1000]);
        assertEquals(Outcome.DONE, train(config("run")));
        assertEquals(before, weights(folder.resolve("run/step-0000000012-1")));
        assertEquals(Outcome.ALREADY_DONE, train(config("run")));
    }

    @Test
    void whoseCheckpointsAreAllGoneIsNotCalledCompleted() throws IOException {
        Path last = finished("run");
        for (String step : List.of("step-0000000006", "step-0000000012")) {
            DurableFiles.delete(last.resolveSibling(step));
        }
        RunConfig config = config("run");
        assertThrows(NoGoodCheckpointException.class, () -> TrainingRun.open(config));
        Files.writeString(last.resolveSibling("current.meta.json"), "{\"last_epoch\":1}");
        assertEquals(Outcome.ALREADY_DONE, train(config), "a meta file that names no checkpoint");
    }

    @Test
    void isToldOfEveryStepAndOfItsEnd() throws IOException {
        List<TrainingStatus> statuses = new ArrayList<>();
        assertEquals(Outcome.DONE, train(config("run").onProgress(statuses::add)));
        assertEquals(
                12,
                statuses.stream()
                        .filter(status -> status.progress().state() == State.TRAINING)
                        .map(status -> status.progress().position().step())
                        .filter(step -> step > 0)
                        .distinct()
                        .count());
        TrainingStatus last = statuses.get(statuses.size() - 1);
        assertEquals(State.FINISHED, last.progress().state());
        assertEquals(2, last.progress().lastEpoch().epoch());
        assertFalse(last.running());
    }

    @Test
    void stopsFromAnotherThreadAndGoesOn() throws Exception {
        AtomicReference<TrainingRun> open = new AtomicReference<>();
        AtomicInteger steps = new AtomicInteger();
        RunConfig config = config("run").onProgress(status -> {
            if (steps.incrementAndGet() == 4) {
                Thread other = new Thread(open.get()::stop);
                other.start();
                try {
                    other.join();
                } catch (InterruptedException impossible) {
                    throw new AssertionError(impossible);
                }
            }
        });
        try (TrainingRun run = TrainingRun.open(config)) {
            open.set(run);
            assertEquals(Outcome.STOPPED, run.train());
        }
        long saved = new MetaStore(config.folder()).read().step();
        assertTrue(saved > 0 && saved < 12, "saved " + saved);
        assertEquals(Outcome.DONE, train(config("run")));
        assertTrue(messages.contains("Resuming at epoch 1/2, after step " + saved + "."), messages.toString());
    }

    /** As an executor does that is shut down: what was trained is saved, and the thread still knows that it was interrupted. */
    @Test
    void anInterruptStopsItAsARequestDoes() throws IOException {
        Thread trainer = Thread.currentThread();
        RunConfig config = config("run").onProgress(status -> {
            Double loss = status.loss();
            if (loss != null && status.progress().position().step() == 4) {
                trainer.interrupt();
            }
        });
        assertEquals(Outcome.STOPPED, train(config));
        assertTrue(Thread.interrupted());
        assertTrue(new MetaStore(config.folder()).read().step() >= 4);
        trainer.interrupt();
        assertEquals(Outcome.STOPPED, train(config("run")));
        assertTrue(Thread.interrupted());
        trainer.interrupt();
        assertEquals(Outcome.STOPPED, train(config("new")));
        assertTrue(Thread.interrupted());
        assertEquals(Outcome.DONE, train(config("run")));
    }

    @Test
    void whatAListenerThrowsIsThrownAndTheNextRunGoesOn() throws IOException {
        RunConfig config = config("run").onProgress(status -> {
            if (status.loss() != null) {
                throw new IllegalStateException("mine");
            }
        });
        assertEquals(
                "mine",
                assertThrows(IllegalStateException.class, () -> train(config)).getMessage());
        assertEquals(Outcome.DONE, train(config("run")));
        assertEquals(
                "progress",
                assertThrows(NullPointerException.class, () -> config.onProgress(null))
                        .getMessage());
        assertEquals(
                "folder",
                assertThrows(NullPointerException.class, () -> RunConfig.in(null))
                        .getMessage());
    }

    @Test
    void leavesNoThreadsBehind() throws Exception {
        assertEquals(Outcome.DONE, train(config("run")));
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().equals("run-lock-heartbeat")) {
                thread.join(1000);
                assertFalse(thread.isAlive());
            }
        }
    }

    @Test
    void answersWhileItTrains() throws IOException {
        AtomicReference<TrainingRun> open = new AtomicReference<>();
        AtomicReference<String> answer = new AtomicReference<>();
        RunConfig config = config("run").onProgress(status -> {
            if (status.progress().saved().checkpoint() != null && answer.get() == null) {
                answer.set(open.get().ask("The fox?"));
            }
        });
        try (TrainingRun run = TrainingRun.open(config)) {
            open.set(run);
            assertThrows(perdure.chat.ChatUnavailableException.class, () -> run.ask("Too early?"));
            assertEquals(Outcome.DONE, run.train());
        }
        assertTrue(answer.get() != null);
    }

    @Test
    void aRunThatIsClosedSaysThatItIs() throws IOException {
        TrainingRun run = TrainingRun.open(config("run"));
        assertEquals(Outcome.DONE, run.train());
        run.close();
        assertEquals(
                "The run is closed.",
                assertThrows(IllegalStateException.class, () -> run.ask("The fox?"))
                        .getMessage());
    }

    @Test
    void anInterruptedThreadOpensARunThatIsFinished() throws IOException {
        assertEquals(Outcome.DONE, train(config("run")));
        Thread.currentThread().interrupt();
        try (TrainingRun run = TrainingRun.open(config("run"))) {
            assertEquals(Outcome.ALREADY_DONE, run.train());
        } finally {
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void whoeverEndsBeforeTheFirstStepSaysSo() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.jsonl"), "{oops\n");
        try (TrainingRun run = TrainingRun.open(config("run").data(broken))) {
            assertTrue(run.status().get().running());
            assertThrows(BadInputException.class, run::train);
            TrainingStatus status = run.status().get();
            assertEquals(State.FAILED, status.progress().state());
            assertTrue(
                    status.progress().message().contains("broken.jsonl"),
                    status.progress().message());
            assertFalse(status.running());
        }
        try (TrainingRun run = TrainingRun.open(config("run"))) {
            run.stop();
            assertEquals(Outcome.STOPPED, run.train());
            assertEquals(State.STOPPED, run.status().get().progress().state());
        }
    }

    @Test
    void twoThatTrainAtOnceAreRefused() throws IOException {
        AtomicReference<Throwable> refused = new AtomicReference<>();
        RunConfig second = config("second");
        RunConfig first = config("first").onProgress(status -> {
            if (refused.get() == null) {
                refused.set(assertThrows(IllegalStateException.class, () -> train(second)));
            }
        });
        assertEquals(Outcome.DONE, train(first));
        assertTrue(
                refused.get().getMessage().contains("Train one after the other"),
                refused.get().getMessage());
        assertEquals(Outcome.DONE, train(second));
    }

    @Test
    void sayWhatACallerCanDo() throws IOException {
        RunConfig config = config("run");
        assertThrows(
                IllegalArgumentException.class,
                () -> config.model(shape -> shape.architecture(
                        model -> model.withAttention(model.attention().withInputBias(true)))));
        BadInputException badInput =
                assertThrows(BadInputException.class, () -> TrainingRun.open(RunConfig.in(folder)));
        assertEquals("epochs", badInput.setting());
        badInput = assertThrows(BadInputException.class, () -> TrainingRun.open(config.data(folder.resolve("none"))));
        assertEquals("data", badInput.setting());
        assertTrue(badInput.getMessage().contains("none does not exist"), badInput.getMessage());
        assertThrows(IllegalArgumentException.class, () -> config.model(shape -> shape.layers(0)));
        badInput = assertThrows(BadInputException.class, () -> TrainingRun.open(config.model(shape -> shape.heads(3))));
        assertEquals("hidden size 16 is not a multiple of heads 3.", badInput.getMessage());

        assertEquals(Outcome.DONE, train(config));
        badInput = assertThrows(
                BadInputException.class, () -> train(config.epochs(3).optimization(o -> o.batchSize(2))));
        assertEquals("batch size", badInput.setting());
        assertEquals("accept changes", badInput.remedy());
        assertEquals(Outcome.DONE, train(config.epochs(3).acceptChanges(true).optimization(o -> o.batchSize(2))));
    }

    @Test
    void anotherTextThatIsTooShortIsRefusedAsThatOfANewRunIs() throws IOException {
        RunConfig config = config("run");
        assertEquals(Outcome.DONE, train(config));
        Path small = Files.writeString(folder.resolve("small.txt"), "too short");
        BadInputException refused = assertThrows(
                BadInputException.class,
                () -> train(config.epochs(3).acceptChanges(true).data(small)));
        assertEquals("context", refused.setting());
        assertTrue(refused.getMessage().contains("is longer than the data"), refused.getMessage());
        assertEquals(Outcome.DONE, train(config.epochs(3)));
    }

    @Test
    void saysIfItsTextHasOtherTokensThanBefore() throws IOException {
        train(config("run").epochs(1));
        assertTrue(messages.stream().noneMatch(line -> line.contains("until now")), messages::toString);
        Path status = folder.resolve("run/training_status.json");
        String before = Files.readString(status);
        String shorter = before.replaceFirst("\"training_tokens\":[0-9]+", "\"training_tokens\":1000");
        assertNotEquals(before, shorter);
        Files.writeString(status, shorter);
        train(config("run"));
        assertEquals(
                1,
                messages.stream()
                        .filter(line -> line.startsWith("Warning: the run had 1,000 training tokens until now."))
                        .count(),
                messages::toString);
        train(config("run").epochs(3));
        assertEquals(
                1, messages.stream().filter(line -> line.contains("until now")).count(), messages::toString);
    }

    @Test
    void keepsAnArchitectureThatIsNotTheDefault() throws IOException {
        RunConfig untied = config("run").model(shape -> shape.architecture(model -> model.withTiedEmbeddings(false)));
        assertEquals(Outcome.DONE, train(untied.epochs(1)));
        assertEquals(Outcome.DONE, train(untied));
        BadInputException refused =
                assertThrows(BadInputException.class, () -> train(config("run").epochs(3)));
        assertTrue(
                refused.getMessage().matches("The model was .*tied=false.* and is .*tied=true.*"),
                refused.getMessage());
    }
}
