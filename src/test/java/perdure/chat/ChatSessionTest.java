package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import perdure.chat.Completion.Piece;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.Snapshot;
import perdure.checkpoint.TokenizerFiles;
import perdure.checkpoint.TrainerState;
import perdure.device.LivePointers;
import perdure.device.NativeRuntime;
import perdure.generate.Generation.FinishReason;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.model.TestConfigs;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

@Timeout(180)
class ChatSessionTest {
    private static final int WAITING = 2;
    private static final Consumer<Piece> NOBODY = piece -> {};

    @TempDir
    Path runFolder;

    private ChatSession session;

    @BeforeEach
    void open() {
        NativeRuntime.load();
        session = new ChatSession(runFolder, WAITING, 1);
    }

    @AfterEach
    void close() {
        session.close();
    }

    @Test
    void saysThatNothingIsSavedYetAndAnswersOnceItIs() {
        assertEquals(Optional.empty(), session.checkpoint());
        Throwable failure = assertThrows(CompletionException.class, () -> session.submit(request(5), NOBODY)
                        .join())
                .getCause();
        assertInstanceOf(ChatUnavailableException.class, failure);

        save(3, new TrainerState.LossSum(46.2, 20), 1);
        assertEquals(
                FinishReason.LENGTH,
                session.submit(request(5), NOBODY)
                        .join()
                        .completion()
                        .choices()
                        .get(0)
                        .finishReason());
    }

    @Test
    void streamsTheAnswerAndSaysWhereItCameFrom() {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        List<String> pieces = new ArrayList<>();
        ChatAnswer reply =
                session.submit(request(30), piece -> pieces.add(piece.text())).join();
        assertEquals(reply.text(), String.join("", pieces));
        assertEquals(30, reply.completion().completionTokens());
        assertEquals(new AnsweringCheckpoint("step-0000000003", 1, 2.31, 64), reply.checkpoint());
        assertEquals(Optional.of(reply.checkpoint()), session.checkpoint());
        assertTrue(reply.secondsToFirstToken() > 0 && reply.secondsToFirstToken() < 60);
    }

    @Test
    void answersFromANewerCommitWithTheNextRequest() {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        ChatAnswer first = session.submit(request(30), NOBODY).join();
        save(6, new TrainerState.LossSum(40, 20), 2);
        ChatAnswer second = session.submit(request(30), NOBODY).join();
        assertEquals("step-0000000006", second.checkpoint().name());
        assertEquals(2.0, second.checkpoint().loss());
        assertTrue(!first.text().equals(second.text()), "other weights say something else");
    }

    @Test
    void aDamagedNewerCommitLeavesTheOldOneAnswering() throws IOException {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        session.submit(request(5), NOBODY).join();
        save(6, new TrainerState.LossSum(40, 20), 2);
        Files.writeString(runFolder.resolve("step-0000000006").resolve("tokenizer.json"), "{}");
        assertEquals(
                "step-0000000003",
                session.submit(request(5), NOBODY).join().checkpoint().name());
    }

    @Test
    void aNewerCommitThatOnlyANewerVersionReadsIsNotReplacedByTheOldOne() throws IOException {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        session.submit(request(5), NOBODY).join();
        Files.writeString(new MetaStore(runFolder).file(), "{\"format\":2,\"checkpoint\":\"step-0000000006\"}");
        Throwable failure = assertThrows(CompletionException.class, () -> session.submit(request(5), NOBODY)
                        .join())
                .getCause();
        assertInstanceOf(ChatUnavailableException.class, failure);
        assertTrue(failure.getMessage().endsWith("Use a newer version."), failure::getMessage);
    }

    @Test
    void aStrangersFileDoesNotLeaveTheOldOneAnswering() throws IOException {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        save(6, new TrainerState.LossSum(40, 20), 2);
        Files.createFile(runFolder.resolve("step-0000000006").resolve(".DS_Store"));
        assertEquals(
                "step-0000000006",
                session.submit(request(5), NOBODY).join().checkpoint().name());
    }

    @Test
    void takesAsManyAtOnceAsOneIsAnsweredAndOthersMayWait() {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        for (int round = 0; round < 200; round++) {
            List<CompletableFuture<ChatAnswer>> burst = Stream.generate(() -> session.submit(request(1), NOBODY))
                    .limit(1 + WAITING)
                    .toList();
            burst.forEach(CompletableFuture::join);
        }
    }

    @Test
    void refusesWhatTheQueueCannotHoldAndCancellingMakesRoom() throws InterruptedException {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        CompletableFuture<ChatAnswer> endless = endless();
        CompletableFuture<ChatAnswer> waiting = session.submit(request(1), NOBODY);
        session.submit(request(1), NOBODY);
        assertThrows(ChatBusyException.class, () -> session.submit(request(1), NOBODY));

        waiting.cancel(true);
        CompletableFuture<ChatAnswer> last = session.submit(request(4), NOBODY);
        endless.cancel(true);
        assertEquals(4, last.join().completion().completionTokens());
    }

    @Test
    void closingEndsTheAnswerInProgressAndRefusesTheWaitingOnes() throws InterruptedException {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        CompletableFuture<ChatAnswer> endless = endless();
        CompletableFuture<ChatAnswer> waiting = session.submit(request(1), NOBODY);
        session.close();
        assertTrue(endless.join().isCancelled());
        assertInstanceOf(
                ChatUnavailableException.class,
                assertThrows(CompletionException.class, waiting::join).getCause());
        assertThrows(ChatUnavailableException.class, () -> session.submit(request(1), NOBODY));
    }

    @Test
    void aReceiverThatFailsFailsItsOwnAnswerOnly() {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        CompletableFuture<ChatAnswer> broken = session.submit(request(30), piece -> {
            throw new IllegalStateException("gone");
        });
        assertThrows(CompletionException.class, broken::join);
        assertEquals(5, session.submit(request(5), NOBODY).join().completion().completionTokens());
    }

    @Test
    void freesTheModelsThatItReplaces() {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        session.submit(request(20), NOBODY).join();
        long before = LivePointers.settled();
        for (int step = 6; step < 15; step += 3) {
            save(step, new TrainerState.LossSum(40, 20), step);
            session.submit(request(20), NOBODY).join();
        }
        LivePointers.assertNoMoreThan(before, "after answers");
    }

    @Test
    void answersFromTheCheckpointThatIsAskedByName() {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        String first = text(session.submit(request(30), NOBODY));
        save(6, new TrainerState.LossSum(40, 20), 2);
        String second = text(session.submit(request(30), NOBODY));
        assertEquals(first, text(session.submit(request(30), "step-0000000003", NOBODY)));
        assertEquals(second, text(session.submit(request(30), "step-0000000006", NOBODY)));
        assertEquals(second, text(session.submit(request(30), NOBODY)));
        assertEquals(
                List.of("step-0000000006", "step-0000000003"),
                session.checkpoints().stream().map(AnsweringCheckpoint::name).toList());
    }

    @Test
    void aCheckpointThatIsNotKeptIsToldAndNoOtherPathLeadsOut() throws IOException {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        for (String name :
                List.of("step-0000000004", "", ".", "..", "../" + runFolder.getFileName(), "step-3", "a/b")) {
            CompletableFuture<ChatAnswer> reply = session.submit(request(1), name, NOBODY);
            assertInstanceOf(
                    NoSuchCheckpointException.class,
                    assertThrows(CompletionException.class, reply::join).getCause());
        }
        save(6, new TrainerState.LossSum(40, 20), 2);
        session.submit(request(1), "step-0000000003", NOBODY).join();
        save(9, new TrainerState.LossSum(40, 20), 2);
        assertInstanceOf( // Also while it is in memory.
                NoSuchCheckpointException.class,
                assertThrows(CompletionException.class, session.submit(request(1), "step-0000000003", NOBODY)::join)
                        .getCause());
    }

    @Test
    void aDamagedCheckpointThatIsAskedByNameIsToldAndTheNewestGoesOn() throws IOException {
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        save(6, new TrainerState.LossSum(40, 20), 2);
        Files.writeString(runFolder.resolve("step-0000000003").resolve("tokenizer.json"), "{}");
        assertInstanceOf(
                ChatUnavailableException.class,
                assertThrows(CompletionException.class, session.submit(request(1), "step-0000000003", NOBODY)::join)
                        .getCause());
        assertEquals(5, session.submit(request(5), NOBODY).join().completion().completionTokens());
    }

    @Test
    void keepsTwoModelsInMemoryAndFreesTheOthers() {
        session.close();
        session = new ChatSession(runFolder, WAITING, 1);
        for (int step = 3; step <= 12; step += 3) {
            save(step, new TrainerState.LossSum(40, 20), step, 4);
        }
        session.submit(request(20), "step-0000000003", NOBODY).join();
        session.submit(request(20), "step-0000000006", NOBODY).join();
        long two = LivePointers.settled();
        for (String name : List.of("step-0000000009", "step-0000000012", "step-0000000003", "step-0000000009")) {
            session.submit(request(20), name, NOBODY).join();
            session.submit(request(20), NOBODY).join();
            LivePointers.assertNoMoreThan(two, name);
        }
        save(15, new TrainerState.LossSum(40, 20), 15, 4);
        session.submit(request(20), NOBODY).join();
        LivePointers.assertNoMoreThan(two, "after one more");
    }

    @Test
    void answersSeveralTogetherAsEachAlone() throws InterruptedException {
        together(3);
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        List<String> alone = new ArrayList<>();
        for (int tokens = 5; tokens < 45; tokens += 10) {
            alone.add(text(session.submit(greedy(tokens), NOBODY)));
        }
        for (int round = 0; round < 5; round++) {
            List<CompletableFuture<ChatAnswer>> replies = new ArrayList<>();
            for (int tokens = 5; tokens < 45; tokens += 10) {
                replies.add(session.submit(greedy(tokens), NOBODY));
            }
            assertEquals(alone, replies.stream().map(ChatSessionTest::text).toList());
        }
    }

    @Test
    void answersThoseThatAskWhileAnotherAnswerGrows() throws InterruptedException {
        together(3);
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        CompletableFuture<ChatAnswer> endless = endless();
        assertEquals(30, session.submit(request(30), NOBODY).join().completion().completionTokens());
        CompletableFuture<ChatAnswer> broken = session.submit(request(30), piece -> {
            throw new IllegalStateException("gone");
        });
        assertThrows(CompletionException.class, broken::join);
        CompletableFuture<ChatAnswer> other = endless();
        endless.cancel(true);
        assertEquals(
                5,
                session.submit(request(5), "step-0000000003", NOBODY)
                        .join()
                        .completion()
                        .completionTokens());
        session.close();
        assertTrue(other.join().isCancelled());
    }

    @Test
    void whoAsksAnotherCheckpointWaitsForItAndIsOvertakenByNobody() throws InterruptedException {
        together(3);
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        CompletableFuture<ChatAnswer> endless = endless();
        save(6, new TrainerState.LossSum(40, 20), 2);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<?> newest = session.submit(request(5), NOBODY)
                .thenAccept(answer -> order.add(answer.checkpoint().name()));
        CompletableFuture<?> named = session.submit(request(5), "step-0000000003", NOBODY)
                .thenAccept(answer -> order.add(answer.checkpoint().name()));
        Thread.sleep(200);
        assertEquals(List.of(), order);
        endless.cancel(true);
        newest.join();
        named.join();
        assertEquals(List.of("step-0000000006", "step-0000000003"), order);
    }

    @Test
    void freesWhatSeveralAnswersTook() {
        together(3);
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        burst(session);
        long before = LivePointers.settled();
        for (int round = 0; round < 5; round++) {
            burst(session);
        }
        LivePointers.assertNoMoreThan(before, "after answers");
    }

    private static void burst(ChatSession session) {
        List<CompletableFuture<ChatAnswer>> replies = Stream.generate(() -> session.submit(request(20), NOBODY))
                .limit(3 + WAITING)
                .toList();
        replies.forEach(CompletableFuture::join);
    }

    private void together(int requests) {
        session.close();
        session = new ChatSession(runFolder, requests, WAITING, Compute.onCpu(1), () -> {});
    }

    private static ChatRequest greedy(int tokens) {
        return ChatRequest.answer()
                .message("user", "Hello")
                .temperature(0)
                .maximumTokens(tokens)
                .build();
    }

    private static String text(CompletableFuture<ChatAnswer> reply) {
        return reply.join().completion().choices().get(0).text();
    }

    @Test
    void freesTheModelThatItCouldNotFinishLoading() throws IOException {
        save(3, new TrainerState.LossSum(0, 0), 1); // At an epoch's end the history alone knows the loss.
        Files.delete(runFolder.resolve("loss_history.jsonl"));
        Files.createDirectory(runFolder.resolve("loss_history.jsonl"));
        refused();
        long before = LivePointers.settled();
        refused();
        refused();
        LivePointers.assertNoMoreThan(before, "after answers");
    }

    @Test
    void aGpuThatHasNoRoomLeavesAllAnswersToTheCpu() {
        List<Long> asked = new ArrayList<>();
        session.close();
        Compute full = new Compute(1, null, bytes -> {
            asked.add(bytes);
            throw new IllegalStateException("CUDA out of memory. Tried to allocate 2.00 GiB.");
        });
        session = new ChatSession(runFolder, 1, WAITING, full, () -> {});
        save(3, new TrainerState.LossSum(46.2, 20), 1);
        String first = text(session.submit(greedy(3), NOBODY));
        save(4, new TrainerState.LossSum(46.2, 20), 1);
        assertEquals(first, text(session.submit(greedy(3), NOBODY)));
        assertEquals(1, asked.size());
        assertTrue(asked.get(0) > 4 * TestConfigs.BYTES.parameterCount(), asked::toString);
    }

    private void refused() {
        CompletableFuture<ChatAnswer> reply = session.submit(request(1), NOBODY);
        assertInstanceOf(
                ChatUnavailableException.class,
                assertThrows(CompletionException.class, reply::join).getCause());
    }

    /** An answer that is under way and will not end by itself. */
    private CompletableFuture<ChatAnswer> endless() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<ChatAnswer> reply = session.submit(request(1_000_000_000), piece -> begun.countDown());
        assertTrue(begun.await(60, TimeUnit.SECONDS));
        return reply;
    }

    private static ChatRequest request(int tokens) {
        return ChatRequest.answer()
                .message("user", "Hello")
                .temperature(1)
                .topK(64)
                .seed(5)
                .maximumTokens(tokens)
                .build();
    }

    /** Commits a tiny model of random weights, as a trainer does inside its first epoch. */
    private void save(long step, TrainerState.LossSum loss, long seed) {
        save(step, loss, seed, 2);
    }

    private void save(long step, TrainerState.LossSum loss, long seed, int keep) {
        TrainerState.Position position = new TrainerState.Position(0, step, step, 20, null);
        TrainerState state = new TrainerState(
                position, loss, null, Map.of(), new TrainerState.Plan(1, 100), Map.of(), List.of(), null);
        ModelConfig config = TestConfigs.BYTES;
        try (LanguageModel model = new LanguageModel(config, seed);
                Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
                PointerScope scope = new PointerScope();
                LossHistory history = LossHistory.open(runFolder, position)) {
            // Logits of 0, never among the 64 largest: nothing but the number of tokens ends an answer.
            model.namedTensors()
                    .get("model.embed_tokens.weight")
                    .narrow(0, 256, 3)
                    .detach()
                    .zero_();
            CheckpointStore.open(runFolder, keep, history)
                    .save(new Snapshot(
                            config,
                            model.namedTensors(),
                            Map.of(),
                            state,
                            TokenizerFiles.of(tokenizer, config.context())));
        }
    }
}
