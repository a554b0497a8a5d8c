package perdure.server;

import io.undertow.conduits.BytesReceivedStreamSourceConduit;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.ServerConnection;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.AttachmentKey;
import io.undertow.util.SameThreadExecutor;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.XnioIoThread;
import org.xnio.conduits.ConduitStreamSourceChannel;

/**
 * The processor time that one kind of request may take, however often it is asked. No thread waits: a connection that
 * asks too often does, and nobody else.
 *
 * <p>Time goes in rounds. A round lasts in proportion to the processor time of its answers. Who asks no more than a few
 * times per round is answered at once. Whoever asks more often waits for one of the turns of the next rounds, in the
 * order of asking, so that all who never pause get equal shares. Meanwhile such a connection is not even read, and those
 * that are read again at one time wake the I/O thread once: waking it costs more than an answer.
 */
final class ProcessorBudget {

    private static final Logger LOG = LoggerFactory.getLogger(ProcessorBudget.class);
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Processor time for the turns of a round. The I/O thread is busy about so long before it looks after others. */
    private static final long TURNS_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    /** Shortest round, so that its work is measured before it ends. */
    private static final long SHORTEST_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** What it costs to wake the I/O thread and to read a request, before the measured part begins. */
    private static final long WAKE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** What a byte of a body costs, if it is JSON. */
    private static final long BODY_BYTE_NANOS = 15;

    private static final int LEAST_AT_ONCE = 8;
    private static final AttachmentKey<ProcessorBudget> CHARGED = AttachmentKey.create(ProcessorBudget.class);

    private final IntSupplier ratio;
    private final int perRound;
    private final int leastTurns;
    private final long longest;
    private final AttachmentKey<Account> accounts = AttachmentKey.create(Account.class);

    /** Processor time of the round, in nanoseconds; other threads add to it. */
    private final AtomicLong work = new AtomicLong();

    /** The fields below belong to the I/O thread. */
    private final Queue<Turn> waiting = new ArrayDeque<>();

    private long round;
    private long begun = System.nanoTime();
    private int answers; // of this round
    private int atOnce; // answers of this round that took no turn
    private long cost = TimeUnit.MICROSECONDS.toNanos(100); // of an answer, the mean of the last rounds
    private boolean measuring;
    private boolean timed;

    /**
     * @param ratio of the length of a round to the processor time of its answers; 0: nobody waits
     * @param perRound answers that a connection gets at once in a round
     * @param leastTurns of a round, however much an answer costs; it may cost much until its code is compiled
     * @param longest length of a round, in nanoseconds, which limits how long a client waits
     */
    ProcessorBudget(IntSupplier ratio, int perRound, int leastTurns, long longest) {
        this.ratio = ratio;
        this.perRound = perRound;
        this.leastTurns = leastTurns;
        this.longest = longest;
    }

    /** What a connection had; belongs to the I/O thread. */
    private static final class Account {
        private long round = -1;
        private int answers;
        /** It has a turn and has not used it. */
        private boolean granted;
        /** The round in which it got that turn. */
        private long grantedRound = -1;
    }

    /** Lets a connection that waited go on. Returns false if it is gone. */
    private interface Turn {
        boolean take();
    }

    /** Answers now or later. It may be called on any thread. */
    void handle(HttpServerExchange exchange, HttpHandler next) throws Exception {
        if (!exchange.isInIoThread()) {
            exchange.dispatch(exchange.getIoThread(), moved -> handle(moved, next));
            return;
        }
        measure(exchange.getIoThread());
        if (waiting.isEmpty() && remaining() <= 0) {
            beginRound();
        }
        Account account = account(exchange.getConnection());
        if (account.granted) {
            answer(exchange, next, account, account.grantedRound == round);
        } else if (account.grantedRound != round && account.answers < perRound && atOnce < mostAtOnce()) {
            atOnce++;
            answer(exchange, next, account, false);
        } else {
            exchange.dispatch(SameThreadExecutor.INSTANCE, () -> await(exchange, next, account));
        }
    }

    private Account account(ServerConnection connection) {
        Account account = connection.getAttachment(accounts);
        if (account == null) {
            account = new Account();
            connection.putAttachment(accounts, account);
        }
        if (account.round != round) {
            account.round = round;
            account.answers = 0;
        }
        return account;
    }

    /** @param pauseless whether the client asked again before its turn */
    private void answer(HttpServerExchange exchange, HttpHandler next, Account account, boolean pauseless)
            throws Exception {
        account.granted = false;
        account.answers++;
        answers++;
        exchange.putAttachment(CHARGED, this);
        if (!exchange.isRequestComplete()) {
            exchange.addRequestWrapper((body, charged) -> new BytesReceivedStreamSourceConduit(
                    body.create(), bytes -> work.addAndGet(BODY_BYTE_NANOS * bytes)));
        }
        exchange.addExchangeCompleteListener((ended, chain) -> {
            chain.proceed();
            if (pauseless && ended.isInIoThread()) {
                stopReading((HttpServerConnection) ended.getConnection(), account);
            }
        });
        next.handleRequest(exchange);
    }

    private void await(HttpServerExchange exchange, HttpHandler next, Account account) {
        line(exchange.getIoThread(), () -> {
            if (!exchange.getConnection().isOpen()) {
                exchange.endExchange();
                return false;
            }
            grant(account);
            exchange.dispatch(SameThreadExecutor.INSTANCE, admitted -> handle(admitted, next));
            return true;
        });
    }

    /** Called between two requests. A next request that has been read already waits as it is. */
    private void stopReading(HttpServerConnection connection, Account account) {
        if (!connection.isOpen() || connection.getExtraBytes() != null) {
            return;
        }
        ConduitStreamSourceChannel source = connection.getChannel().getSourceChannel();
        source.suspendReads();
        line(connection.getIoThread(), () -> {
            grant(account);
            source.resumeReads();
            return connection.isOpen();
        });
    }

    private void grant(Account account) {
        account.granted = true;
        account.grantedRound = round;
    }

    private void line(XnioIoThread thread, Turn turn) {
        waiting.add(turn);
        time(thread);
    }

    private void time(XnioIoThread thread) {
        if (timed) {
            return;
        }
        try {
            thread.executeAfter(() -> endRound(thread), Math.max(remaining(), 0), TimeUnit.NANOSECONDS);
            timed = true;
        } catch (RejectedExecutionException closing) {
            LOG.debug("The server closed while requests waited.", closing);
        }
    }

    private void endRound(XnioIoThread thread) {
        timed = false;
        if (remaining() <= 0) {
            beginRound();
            long turns = turns();
            while (turns > 0 && !waiting.isEmpty()) {
                turns -= waiting.remove().take() ? 1 : 0;
            }
        }
        if (!waiting.isEmpty()) {
            time(thread);
        }
    }

    private long mostAtOnce() {
        return Math.max(LEAST_AT_ONCE, turns());
    }

    private long turns() {
        return Math.max(leastTurns, TURNS_NANOS / cost);
    }

    private void beginRound() {
        long spent = work.getAndSet(0);
        if (answers > 0) {
            cost = Math.max(1, (3 * cost + spent / answers) / 4);
        }
        round++;
        begun = System.nanoTime();
        answers = 0;
        atOnce = 0;
    }

    /** Time until the round ends, in nanoseconds. */
    private long remaining() {
        int times = ratio.getAsInt();
        long length = times == 0 ? 0 : Math.max(SHORTEST_NANOS, Math.min(times * work.get(), longest));
        return begun + length - System.nanoTime();
    }

    /** Counts what the I/O thread does from now until all requests that have arrived are answered. */
    private void measure(XnioIoThread thread) {
        if (measuring) {
            return;
        }
        long start = THREADS.getCurrentThreadCpuTime() - WAKE_NANOS;
        try {
            thread.execute(() -> {
                work.addAndGet(THREADS.getCurrentThreadCpuTime() - start);
                measuring = false;
            });
            measuring = true;
        } catch (RejectedExecutionException closing) {
            LOG.debug("The server closed while requests arrived.", closing);
        }
    }

    /** A handler for another thread, whose processor time counts too. */
    static HttpHandler charged(HttpHandler handler) {
        return exchange -> {
            ProcessorBudget budget = exchange.getAttachment(CHARGED);
            long start = THREADS.getCurrentThreadCpuTime();
            try {
                handler.handleRequest(exchange);
            } finally {
                budget.work.addAndGet(THREADS.getCurrentThreadCpuTime() - start + WAKE_NANOS);
            }
        };
    }
}
