package perdure.server;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import perdure.checkpoint.DurableFiles;
import perdure.server.OddRequests.OddRequest;
import perdure.status.TrainingStatus;

/**
 * Sends odd requests to a real server in this process: {@code scripts/fuzz --count 1000000 --seed 1}. It fails if one is
 * answered by 5xx or by what is no HTTP, if an answer does not come, or if threads, sockets, direct memory or native
 * objects are left over. {@code --from N --count 1} sends a request again.
 */
final class Fuzz {

    private static final int CLIENTS = 8;
    private static final int PATIENCE_MILLIS = 60_000;

    /** What the process holds. */
    private record Held(long threads, long descriptors, long directBytes, long pointers) {

        /** After the collector has freed what nobody holds. */
        static Held now() throws InterruptedException, IOException {
            for (int i = 0; i < 5; i++) {
                System.gc();
                Thread.sleep(200);
            }
            long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct"))
                    .mapToLong(BufferPoolMXBean::getMemoryUsed)
                    .sum();
            return new Held(
                    ManagementFactory.getThreadMXBean().getThreadCount(),
                    openDescriptors(),
                    direct,
                    Pointer.totalCount());
        }

        private static long openDescriptors() throws IOException {
            Path own = Path.of("/proc/self/fd");
            if (!Files.isDirectory(own)) {
                return 0; // Only Linux tells.
            }
            try (Stream<Path> open = Files.list(own)) {
                return open.count();
            }
        }

        boolean isWithin(Held before) {
            return threads <= before.threads + 2
                    && descriptors <= before.descriptors + 8
                    && directBytes <= before.directBytes + (8 << 20)
                    && pointers <= before.pointers;
        }
    }

    private final AtomicIntegerArray statuses = new AtomicIntegerArray(600);
    private final OddRequests requests;
    private final int port;

    private Fuzz(OddRequests requests, int port) {
        this.requests = requests;
        this.port = port;
    }

    public static void main(String[] arguments) throws Exception {
        long count = 1_000_000;
        long seed = 1;
        long from = 0;
        for (int i = 0; i < arguments.length; i += 2) {
            String flag = arguments[i];
            if (i + 1 == arguments.length || !arguments[i + 1].matches("\\d{1,12}")) {
                throw new IllegalArgumentException(flag + " needs a number.");
            }
            long number = Long.parseLong(arguments[i + 1]);
            switch (flag) {
                case "--count" -> count = number;
                case "--seed" -> seed = number;
                case "--from" -> from = number;
                default ->
                    throw new IllegalArgumentException("There is no flag " + flag + ": --count, --seed, --from.");
            }
        }
        long begin = System.nanoTime();
        String failure = run(seed, from, count);
        System.out.printf("%,d requests in %,d s%n", count, (System.nanoTime() - begin) / 1_000_000_000);
        if (failure != null) {
            System.err.println(failure);
        }
        System.exit(failure == null ? 0 : 1);
    }

    /** What went wrong, or null. */
    static String run(long seed, long from, long count) throws Exception {
        Path folder = Files.createTempDirectory("perdure-fuzz");
        SavedModel.commit(folder);
        try (ServerUnderTest server =
                new ServerUnderTest(folder, Access.LOCAL.withPublicUrl("https://perdure.example/behind/"))) {
            server.published.set(TrainingStatus.idle(1, 2)); // While something trains, budgets let clients wait.
            Fuzz fuzz = new Fuzz(new OddRequests(server.server.routes(), seed), server.server.port());
            fuzz.send(from, Math.min(count, 2_000)); // Threads and pools are made once.
            Held before = Held.now();
            String failure = fuzz.send(from, count);
            System.out.println(fuzz.tally());
            Held after = Held.now();
            return failure != null
                    ? failure
                    : after.isWithin(before) ? null : "Left over: " + before + " became " + after;
        } finally {
            DurableFiles.delete(folder);
        }
    }

    /** How often each status came; 0 is a connection that was closed without an answer. */
    private String tally() {
        StringBuilder tally = new StringBuilder("Answers:");
        for (int status = 0; status < statuses.length(); status++) {
            if (statuses.get(status) > 0) {
                tally.append(' ')
                        .append(status)
                        .append(" × ")
                        .append(statuses.get(status))
                        .append(',');
            }
        }
        return tally.substring(0, tally.length() - 1);
    }

    /** The first failure, or null. */
    private String send(long from, long count) throws InterruptedException {
        AtomicLong next = new AtomicLong(from);
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        List<Future<String>> ends = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            ends.add(clients.submit(() -> client(next, from + count)));
        }
        clients.shutdown();
        String failure = null;
        for (Future<String> end : ends) {
            try {
                failure = failure == null ? end.get() : failure;
            } catch (ExecutionException broken) {
                throw new IllegalStateException(broken.getCause());
            }
        }
        return failure;
    }

    private String client(AtomicLong next, long end) throws IOException {
        for (long number = next.getAndIncrement(); number < end; number = next.getAndIncrement()) {
            OddRequest request = requests.request(number);
            String problem = answer(request);
            if (problem != null) {
                next.set(end);
                return "Request " + number + ": " + problem + "\n" + request;
            }
        }
        return null;
    }

    /** A listener that left keeps its place for about a second, since it may only have shut its sending side. */
    private static boolean isFull(HttpReply reply) {
        return reply.status() == 503 && reply.header("Retry-After") != null;
    }

    private String answer(OddRequest request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            try {
                socket.getOutputStream().write(request.bytes());
                socket.shutdownOutput(); // so that nothing waits for the rest of a body
            } catch (SocketException refused) {
                // It was answered and closed before it was read whole.
            }
            InputStream in = new BufferedInputStream(socket.getInputStream());
            HttpReply reply = HttpReply.read(in, request.isHead());
            statuses.incrementAndGet(reply == null ? 0 : reply.status());
            return reply == null || reply.status() < 500 || isFull(reply) ? null : "answered by " + reply;
        } catch (SocketException reset) {
            statuses.incrementAndGet(0);
            return null;
        } catch (IOException problem) {
            return problem.toString();
        }
    }
}
