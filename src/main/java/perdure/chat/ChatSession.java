package perdure.chat;

import java.io.UncheckedIOException;
import java.nio.file.Path;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.chat.Completion.Piece;
import perdure.checkpoint.NewerFormatException;
import perdure.checkpoint.Restart.NoGoodCheckpointException;
import perdure.device.IntraOpThreads;

/**
 * Answers requests one at a time from the newest committed checkpoint of a run folder, or from another that a request
 * names; the others wait in a bounded queue. A trainer may be at work in that folder. The session does not know it, and
 * does not know HTTP.
 *
 * <p>The session has its own model, on the CPU. It looks for a newer checkpoint only when a request begins, so a
 * session that nobody asks costs nothing. All of this happens on one thread with its own number of native threads,
 * which no other thread notices.
 */
public final class ChatSession implements AutoCloseable {
    /** Requests that may wait while one is answered, where nothing else is asked for. */
    public static final int USUAL_WAITING = 8;

    private static final Logger LOG = LoggerFactory.getLogger(ChatSession.class);
    private static final int CLOSING_SECONDS = 10;

    private final SavedCheckpoints saved;
    private final Runnable ready;
    private final int threads;
    private final int mostWaiting;
    /** One for each request that may wait, and one for the request that is answered. */
    private final Semaphore places;

    private final ThreadPoolExecutor thread;
    private volatile boolean closed;

    /** Used by the generation thread only, as is the next field. */
    private final LoadedModels models;

    private boolean limited;

    /**
     * @param runFolder may still be empty
     * @param mostWaiting requests that may wait while one is answered
     * @param threads that libtorch uses inside an operation; one if training runs in the same process
     * @param ready called on the generation thread before the first answer; returns once libtorch is loaded
     */
    public ChatSession(Path runFolder, int mostWaiting, int threads, Runnable ready) {
        if (mostWaiting < 1 || threads < 1) {
            throw new IllegalArgumentException("A chat with " + mostWaiting + " waiting requests and " + threads
                    + " threads needs at least one of each.");
        }
        this.saved = new SavedCheckpoints(runFolder);
        this.models = new LoadedModels(saved::describe);
        this.mostWaiting = mostWaiting;
        this.threads = threads;
        this.ready = ready;
        this.places = new Semaphore(mostWaiting + 1);
        this.thread = new ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), ChatSession::generationThread);
    }

    /** For a program that has loaded libtorch already. */
    public ChatSession(Path runFolder, int mostWaiting, int threads) {
        this(runFolder, mostWaiting, threads, () -> {});
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
        CompletableFuture<ChatAnswer> reply = new CompletableFuture<>();
        Place place = new Place();
        long asked = System.nanoTime();
        Runnable work = () -> answer(request, checkpoint, receiver, reply, asked, place);
        reply.whenComplete((answer, failure) -> {
            thread.remove(work);
            place.leave();
        });
        try {
            thread.execute(work);
        } catch (RejectedExecutionException e) {
            place.leave();
            throw stopping();
        }
        return reply;
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

    private void answer(
            ChatRequest request,
            String checkpoint,
            Consumer<Piece> receiver,
            CompletableFuture<ChatAnswer> reply,
            long asked,
            Place place) {
        if (reply.isDone()) {
            return;
        }
        try {
            if (closed) {
                throw stopping();
            }
            if (!limited) {
                ready.run();
                IntraOpThreads.limitThisThread(threads);
                limited = true;
            }
            LoadedModel model = checkpoint == null ? newestModel() : namedModel(checkpoint);
            long[] first = {0};
            Completion completion = model.chat().answer(request, piece -> {
                first[0] = first[0] == 0 ? System.nanoTime() : first[0];
                if (!piece.isEmpty()) {
                    receiver.accept(piece);
                }
                return !reply.isDone() && !closed;
            });
            double seconds = ((first[0] == 0 ? System.nanoTime() : first[0]) - asked) / 1e9;
            place.leave(); // Before the answer: whoever has it may ask again at once.
            reply.complete(new ChatAnswer(completion, model.checkpoint(), seconds));
        } catch (RuntimeException | Error e) {
            place.leave();
            reply.completeExceptionally(e);
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
