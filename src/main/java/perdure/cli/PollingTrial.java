package perdure.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import perdure.chat.ChatSession;
import perdure.server.ServedRun;
import perdure.server.ServerOptions;
import perdure.server.StatusServer;
import perdure.status.TrainingStatus;
import perdure.train.Benchmark;
import perdure.train.Benchmark.Recipe;

/**
 * Measures what polling costs the training loop: steps while many connections ask for the status, in turns with steps
 * while none does. Server and pollers are in this process, so that what the pollers need counts as well.
 */
final class PollingTrial {

    static final int POLLERS = 20;
    static final int REQUESTS_A_SECOND = 50;

    /**
     * What came out.
     *
     * @param plain medians of a step, in milliseconds
     * @param requestsPerSecond that were answered while steps were polled
     */
    record Result(double plain, double polled, double requestsPerSecond) {
        double slowdown() {
            return polled / plain - 1;
        }
    }

    private PollingTrial() {}

    /** Runs it, with a first turn of each that is not counted. */
    static Result run(Recipe recipe, Path folder, int turns, int stepsATurn) {
        AtomicReference<TrainingStatus> status = new AtomicReference<>(TrainingStatus.starting(1, 10));
        try (Benchmark benchmark = new Benchmark(recipe);
                ChatSession chat = new ChatSession(folder, 1, 1);
                StatusServer server = StatusServer.start(
                        ServerOptions.local(0), new ServedRun(status, folder, chat, () -> {}, () -> 0L));
                Pollers pollers = new Pollers(server.port())) {
            List<Double> plain = new ArrayList<>();
            List<Double> polled = new ArrayList<>();
            long answers = 0;
            double seconds = 0;
            for (int turn = 0; turn <= turns; turn++) {
                List<Double> without = steps(benchmark, stepsATurn);
                long before = pollers.answers;
                long start = System.nanoTime();
                pollers.asking = true;
                List<Double> with = steps(benchmark, stepsATurn);
                pollers.asking = false;
                if (pollers.failure != null) {
                    throw new UncheckedIOException(pollers.failure);
                }
                if (turn > 0) {
                    seconds += (System.nanoTime() - start) / 1e9;
                    answers += pollers.answers - before;
                    plain.addAll(without);
                    polled.addAll(with);
                }
            }
            return new Result(Benchmark.percentile(plain, 0.5), Benchmark.percentile(polled, 0.5), answers / seconds);
        }
    }

    private static List<Double> steps(Benchmark benchmark, int count) {
        List<Double> milliseconds = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            milliseconds.add(benchmark.step().total());
        }
        return milliseconds;
    }

    /** Connections that ask one after the other, all of them in every interval, from one thread. */
    private static final class Pollers implements AutoCloseable {

        private final byte[] request;
        private final List<Socket> sockets = new ArrayList<>();
        private volatile boolean asking;
        private volatile boolean closed;
        private volatile long answers;
        private volatile IOException failure;

        Pollers(int port) {
            request = ("GET /training/status HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n").getBytes(US_ASCII);
            try {
                for (int i = 0; i < POLLERS; i++) {
                    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                    socket.setTcpNoDelay(true);
                    sockets.add(socket);
                }
            } catch (IOException problem) {
                throw new UncheckedIOException(problem);
            }
            Thread thread = new Thread(this::poll, "pollers");
            thread.setDaemon(true);
            thread.start();
        }

        private void poll() {
            long interval = 1_000_000_000L / REQUESTS_A_SECOND / POLLERS;
            try {
                List<DataInputStream> inputs = new ArrayList<>();
                for (Socket socket : sockets) {
                    inputs.add(new DataInputStream(new BufferedInputStream(socket.getInputStream())));
                }
                long next = System.nanoTime();
                for (int i = 0; !closed; i = (i + 1) % POLLERS) {
                    next = Math.max(next + interval, System.nanoTime() - 1_000_000_000L);
                    LockSupport.parkNanos(next - System.nanoTime());
                    if (asking) {
                        sockets.get(i).getOutputStream().write(request);
                        readAnswer(inputs.get(i));
                        answers++;
                    }
                }
            } catch (IOException problem) {
                failure = problem;
            }
        }

        @SuppressWarnings("deprecation") // readLine: headers are ASCII
        private static void readAnswer(DataInputStream input) throws IOException {
            int length = 0;
            String line = input.readLine();
            if (line == null || !line.startsWith("HTTP/1.1 200")) {
                throw new IOException("The server answered: " + line);
            }
            while (!(line = input.readLine()).isEmpty()) {
                if (line.regionMatches(true, 0, "Content-Length:", 0, 15)) {
                    length = Integer.parseInt(line.substring(15).trim());
                }
            }
            input.skipNBytes(length);
        }

        @Override
        public void close() {
            closed = true;
            for (Socket socket : sockets) {
                try {
                    socket.close();
                } catch (IOException alreadyGone) {
                    // Nothing is left to be closed then.
                }
            }
        }
    }
}
