package perdure.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.xnio.IoUtils;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.chat.ChatSession;
import perdure.device.Precision;
import perdure.server.ServedRun;
import perdure.server.ServerOptions;
import perdure.server.StatusServer;
import perdure.status.TrainingStatus;

/**
 * Measures how much polling slows down the training loop. Steps with many connections that ask for the status alternate
 * with steps without any. Server and pollers run in this process, so the pollers' own work counts too, unless a core is
 * free for them.
 */
public final class PollingBenchmark {

    public static final int POLLERS = 20;
    public static final int REQUESTS_A_SECOND = 50;

    /** Turns that are not measured, in which the JVM compiles the server's code. */
    private static final int WARM_UP_TURNS = 2;

    /**
     * The measurements.
     *
     * @param plain median of a step without polling, in ms per step
     * @param slowdown of steps with polling, as a share: the median over the turns
     * @param requestsPerSecond answered during steps with polling
     */
    public record Result(double plain, double slowdown, double requestsPerSecond) {}

    private PollingBenchmark() {}

    /**
     * Runs the benchmark. A few first turns are not measured.
     *
     * @param folder an empty run folder
     * @param turns each with and without polling
     * @param secondsPerTurn least time of each half of a turn
     */
    public static Result run(Recipe recipe, Path folder, int turns, double secondsPerTurn) {
        AtomicReference<TrainingStatus> status = new AtomicReference<>(TrainingStatus.starting(1, 10));
        try (TrainingBenchmark benchmark = new TrainingBenchmark(recipe, Precision.FP32);
                ChatSession chat = new ChatSession(folder, 1, 1);
                StatusServer server = StatusServer.start(
                        ServerOptions.local(0), new ServedRun(status, folder, chat, () -> {}, () -> 0L, () -> 0L));
                Pollers pollers = new Pollers(server.port())) {
            List<Double> plain = new ArrayList<>();
            List<Double> slowdowns = new ArrayList<>();
            long answers = 0;
            double seconds = 0;
            for (int turn = -WARM_UP_TURNS; turn < turns; turn++) {
                double without = step(benchmark, secondsPerTurn);
                long before = pollers.answers;
                long start = System.nanoTime();
                pollers.asking = true;
                double with = step(benchmark, secondsPerTurn);
                pollers.asking = false;
                if (pollers.failure != null) {
                    throw new UncheckedIOException(pollers.failure);
                }
                if (turn >= 0) {
                    seconds += (System.nanoTime() - start) / 1e9;
                    answers += pollers.answers - before;
                    plain.add(without);
                    slowdowns.add(slowdown(without, with));
                }
            }
            return new Result(
                    TrainingBenchmark.percentile(plain, 0.5),
                    TrainingBenchmark.percentile(slowdowns, 0.5),
                    answers / seconds);
        }
    }

    static double slowdown(double plain, double polled) {
        return polled / plain - 1;
    }

    /** Mean ms per step. Takes at least one step, and steps until that many seconds are over. */
    private static double step(TrainingBenchmark benchmark, double seconds) {
        int steps = 0;
        double milliseconds = 0;
        while (milliseconds < 1e3 * seconds) {
            milliseconds += benchmark.step().total();
            steps++;
        }
        return milliseconds / steps;
    }

    /**
     * Connections that each ask once per interval, unless they still wait for an answer. One thread serves them all.
     */
    private static final class Pollers implements AutoCloseable {

        private final Selector selector;
        private final List<Poller> all = new ArrayList<>();
        private volatile boolean asking;
        private volatile long answers;
        private volatile IOException failure;

        Pollers(int port) {
            try {
                selector = Selector.open();
                for (int i = 0; i < POLLERS; i++) {
                    all.add(new Poller(port, selector));
                }
            } catch (IOException problem) {
                throw new UncheckedIOException(problem);
            }
            Thread thread = new Thread(this::poll, "pollers");
            thread.setDaemon(true);
            thread.start();
        }

        private void poll() {
            long interval = 1_000_000_000L / REQUESTS_A_SECOND;
            try {
                for (long next = System.nanoTime(); selector.isOpen(); next += interval) {
                    LockSupport.parkNanos(next - System.nanoTime());
                    selector.selectNow(ready -> answers += ((Poller) ready.attachment()).answers());
                    if (asking) {
                        for (Poller poller : all) {
                            poller.ask();
                        }
                    }
                }
            } catch (IOException problem) {
                failure = problem;
            } catch (UncheckedIOException problem) {
                failure = problem.getCause();
            } catch (ClosedSelectorException end) {
                // The benchmark is over.
            }
        }

        @Override
        public void close() {
            IoUtils.safeClose(selector);
            all.forEach(poller -> IoUtils.safeClose(poller.channel));
        }
    }

    private static final class Poller {

        private static final String OK = "HTTP/1.1 200 ";

        private final SocketChannel channel;
        private final ByteBuffer request;
        private final ByteBuffer answer = ByteBuffer.allocate(8 << 10);
        private boolean waiting;

        Poller(int port, Selector selector) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
            request = ByteBuffer.wrap(
                    ("GET /training/status HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n").getBytes(ISO_8859_1));
        }

        void ask() throws IOException {
            if (!waiting) {
                waiting = true;
                channel.write(request.rewind()); // so few bytes always fit
            }
        }

        /** Number of complete answers since the last call: 0 or 1. */
        int answers() {
            try {
                channel.read(answer);
            } catch (IOException problem) {
                throw new UncheckedIOException(problem);
            }
            int size = answer.position();
            String start = new String(answer.array(), 0, Math.min(size, OK.length()), ISO_8859_1);
            if (!start.equals(OK)) {
                throw new UncheckedIOException(new IOException("The server answered: " + start));
            }
            if (answer.get(size - 1) != '}') {
                return 0;
            }
            answer.clear();
            waiting = false;
            return 1;
        }
    }
}
