package perdure.chat;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.chat.Completion.Piece;
import perdure.checkpoint.NewerFormatException;
import perdure.checkpoint.Restart.NoGoodCheckpointException;
import perdure.device.Devices;
import perdure.device.IntraOpThreads;

/**
 * Answers requests from the newest committed checkpoint of a run folder, or from another that a request names. A few that
 * ask the same one are answered together; the others wait in a bounded queue. A trainer may be at work in that folder. The session does not know it, and
 * does not know HTTP.
 *
 * <p>The session has its own model. It looks for a newer checkpoint only when a request begins, so a
 * session that nobody asks costs nothing. All of this happens on one thread with its own number of native threads,
 * which no other thread notices.
 */
public final class ChatSession implements AutoCloseable {
    /** Requests that are answered together, where nothing else is asked for. */
    public static final int USUAL_TOGETHER = 4;
    /** Requests that may wait meanwhile, where nothing else is asked for. */
    public static final int USUAL_WAITING = 8;

    private static final Logger LOG = LoggerFactory.getLogger(ChatSession.class);
    private static final int CLOSING_SECONDS = 10;

    private final SavedCheckpoints saved;
    private final Runnable ready;
    private final int threads;
    private final int mostWaiting;
    private final int together;
    /** One for each request that may wait, and for each that is answered. */
    private final Semaphore places;

    private final ThreadPoolExecutor thread;
    private volatile boolean closed;

    /** Used by the generation thread only, as are the next fields. */
    private final LoadedModels models;

    private int limit; // threads of an operation; 0 before the first answer
    /** Those that are answered now, all by the same model. */
    private final List<Asked> active = new ArrayList<>();

    /**
     * @param runFolder may still be empty
     * @param together requests to the same checkpoint that are answered together. An answer that grows alone is a function of
     *     its request and its seed; beside others its sums may round otherwise
     * @param mostWaiting requests that may wait meanwhile
     * @param ready called on the generation thread before the first answer; returns once libtorch is loaded
     */
    public ChatSession(Path runFolder, int together, int mostWaiting, Compute compute, Runnable ready) {
        threads = compute.threads();
        if (together < 1 || mostWaiting < 1 || threads < 1) {
            throw new IllegalArgumentException("A chat with " + together + " answers at once, " + mostWaiting
                    + " waiting requests and " + threads + " threads needs at least one of each.");
        }
        this.together = together;
        this.saved = new SavedCheckpoints(runFolder);
        this.models = new LoadedModels(saved::describe, compute);
        this.mostWaiting = mostWaiting;
        this.ready = ready;
        this.places = new Semaphore(together + mostWaiting);
        this.thread = new ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), ChatSession::generationThread);
    }

    /** Answers one at a time on the CPU, for a program that has loaded libtorch already. */
    public ChatSession(Path runFolder, int mostWaiting, int threads) {
        this(runFolder, 1, mostWaiting, Compute.onCpu(threads), () -> {});
    }

    private static Thread generationThread(Runnable work) {
        Thread thread = new Thread(work, "chat");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Queues a request. Cancel the future when the client goes away: that ends the generation at its next token, or
     * takes the request out of the queue.
     *
     * @param receiver is given the pieces of the answer on the generation thread; it must not block
     * @return the whole answer; fails with {@link ChatUnavailableException} if nothing is saved yet. Dependent stages
     *     run on the generation thread as well.
     * @throws ChatBusyException if the queue is full
     */
    public CompletableFuture<ChatAnswer> submit(ChatRequest request, Consumer<Piece> receiver) {
        return submit(request, null, receiver);
    }

    /**
     * Queues a request to a certain checkpoint. At most two models are in memory.
     *
     * @param checkpoint its name; null asks the newest
     * @return as above; also fails with {@link NoSuchCheckpointException}
     * @throws ChatBusyException if the queue is full
     */
    public CompletableFuture<ChatAnswer> submit(ChatRequest request, String checkpoint, Consumer<Piece> receiver) {
        Asked asked = new Asked(request, checkpoint, receiver);
        asked.reply.whenComplete((answer, failure) -> {
            thread.remove(asked);
            asked.place.leave();
        });
        try {
            thread.execute(asked);
        } catch (RejectedExecutionException e) {
            asked.place.leave();
            throw stopping();
        }
        return asked.reply;
    }

    /** Taken by a request until it is answered or cancelled. */
    private final class Place {
        private final AtomicBoolean left = new AtomicBoolean();

        Place() {
            if (!places.tryAcquire()) {
                throw new ChatBusyException(mostWaiting);
            }
        }

        void leave() {
            if (!left.getAndSet(true)) {
                places.release();
            }
        }
    }

    /**
     * The checkpoint that would answer now; empty before the first commit. Reads the commit point, and verifies a
     * checkpoint when it sees it for the first time.
     *
     * @throws RuntimeException of {@link perdure.checkpoint.Restart#find} if the run folder is damaged
     */
    public Optional<AnsweringCheckpoint> checkpoint() {
        return saved.newest().map(saved::describe);
    }

    /** The checkpoints that can be asked by name, the newest first. Verifies none. */
    public List<AnsweringCheckpoint> checkpoints() {
        return saved.list();
    }

    /** Whether an answer is being generated. */
    public boolean answering() {
        return thread.getActiveCount() > 0;
    }

    /** A request, from when it is asked until it is answered. */
    private final class Asked implements Runnable {
        private final ChatRequest request;
        private final String checkpoint; // null: the newest
        private final Consumer<Piece> receiver;
        private final CompletableFuture<ChatAnswer> reply = new CompletableFuture<>();
        private final Place place = new Place();
        private final long asked = System.nanoTime();
        private long begun; // when the first piece was there; 0 before
        private boolean wantsAnother; // model than that of the answers that grew when it was its turn
        private LoadedModel model;
        private Answering answer;

        Asked(ChatRequest request, String checkpoint, Consumer<Piece> receiver) {
            this.request = request;
            this.checkpoint = checkpoint;
            this.receiver = receiver;
        }

        /** Answers it, and with it those that ask its model meanwhile. */
        @Override
        public void run() {
            begin(() -> model(checkpoint));
            while (!active.isEmpty()) {
                admit(active.get(0).model);
                if (!active.isEmpty()) { // One that has no tokens to add begins and ends at once.
                    grow();
                }
            }
        }

        /** Makes it one of those that are answered. */
        void begin(Supplier<LoadedModel> loaded) {
            if (reply.isDone()) {
                return;
            }
            try {
                if (closed) {
                    throw stopping();
                }
                model = loaded.get();
                answer = new Answering(model.chat(), request, this::receive);
                active.add(this);
                endIfComplete();
            } catch (RuntimeException | Error e) {
                fail(e);
            }
        }

        private boolean receive(Piece piece) {
            begun = begun == 0 ? System.nanoTime() : begun;
            if (!piece.isEmpty()) {
                receiver.accept(piece);
            }
            return !reply.isDone() && !closed;
        }

        void choose() {
            try {
                answer.choose();
                endIfComplete();
            } catch (RuntimeException | Error e) {
                fail(e);
            }
        }

        private void endIfComplete() {
            if (answer.ended()) {
                active.remove(this);
                double seconds = ((begun == 0 ? System.nanoTime() : begun) - asked) / 1e9;
                place.leave(); // Before the answer: whoever has it may ask again at once.
                reply.complete(new ChatAnswer(answer.completion(), model.checkpoint(), seconds));
            }
        }

        void fail(Throwable failure) {
            active.remove(this);
            if (answer != null) {
                answer.close();
            }
            place.leave();
            reply.completeExceptionally(failure);
        }
    }

    /** Lets those begin who are next in the queue, as long as they ask this model. */
    private void admit(LoadedModel model) {
        while (active.size() < together
                && thread.getQueue().peek() instanceof Asked next
                && asks(next, model)
                && thread.remove(next)) {
            next.begin(() -> model(next.checkpoint));
        }
    }

    /** Looks it up once for each request: the run folder is read. */
    private boolean asks(Asked next, LoadedModel model) {
        if (!next.wantsAnother) {
            String name = next.checkpoint;
            try {
                if (name == null) {
                    name = saved.newest().orElseThrow().name();
                } else {
                    saved.requireKept(name);
                }
                next.wantsAnother = !name.equals(model.checkpoint().name());
            } catch (RuntimeException told) {
                next.wantsAnother = true; // When it is its turn alone, it is told.
            }
        }
        return !next.wantsAnother;
    }

    /** Adds a token to each answer. */
    private void grow() {
        try {
            active.get(0)
                    .model
                    .generator()
                    .read(active.stream().map(each -> each.answer.sequence()).toList());
        } catch (RuntimeException | Error e) {
            boolean full = Devices.ranOutOfMemory(e);
            List.copyOf(active).forEach(each -> each.fail(full ? noRoom() : e));
            if (full) {
                models.leaveGpu();
            }
            return;
        }
        List.copyOf(active).forEach(Asked::choose);
    }

    /** @param checkpoint null: the newest */
    private LoadedModel model(String checkpoint) {
        if (limit == 0) {
            ready.run();
            limit(threads);
        }
        LoadedModel model = checkpoint == null ? newestModel() : namedModel(checkpoint);
        limit(model.generator().threads(threads));
        return model;
    }

    private void limit(int count) {
        if (limit != count) {
            IntraOpThreads.limitThisThread(count);
            limit = count;
        }
    }

    /** The model of the newest checkpoint. If that cannot be loaded, the one that answered before stays. */
    private LoadedModel newestModel() {
        try {
            return models.newest(saved.newest()
                    .orElseThrow(() -> new ChatUnavailableException("The run has not saved a checkpoint yet.")));
        } catch (NewerFormatException e) {
            // Another model than the newest would answer as if it were the newest.
            throw new ChatUnavailableException(e.getMessage());
        } catch (IllegalArgumentException | UncheckedIOException | NoGoodCheckpointException e) {
            LoadedModel before = models.newest()
                    .orElseThrow(() -> new ChatUnavailableException("No checkpoint can be loaded: " + e.getMessage()));
            LOG.warn("{} keeps answering: {}", before.checkpoint().name(), e.getMessage());
            return before;
        }
    }

    private LoadedModel namedModel(String checkpoint) {
        saved.requireKept(checkpoint);
        try {
            return models.named(checkpoint, () -> saved.named(checkpoint));
        } catch (NewerFormatException | IllegalArgumentException | UncheckedIOException | NoGoodCheckpointException e) {
            throw new ChatUnavailableException("The checkpoint cannot be loaded: " + e.getMessage());
        }
    }

    private static ChatUnavailableException noRoom() {
        return new ChatUnavailableException(
                "The memory of the GPU did not suffice for the answer. The CPU answers from now on: ask again.");
    }

    private static ChatUnavailableException stopping() {
        return new ChatUnavailableException("The server is stopping.");
    }

    /** Ends the current generation at its next token, and refuses all waiting and later requests. Does not wait. */
    public void stop() {
        closed = true;
    }

    /** Stops, and frees the model once the current generation has ended. */
    @Override
    public void close() {
        stop();
        thread.shutdown();
        try {
            if (thread.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
                models.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
