package perdure.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class RequestBudgetsTest {

    private static final int POLLERS = 20;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Of the server's only I/O thread; servers of other tests have one of the same name. */
    private static long ioThread(Set<Thread> before) {
        List<Thread> started = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("perdure-server I/O") && !before.contains(thread))
                .toList();
        assertEquals(1, started.size(), started.toString());
        return started.get(0).getId();
    }

    private final AtomicIntegerArray answers = new AtomicIntegerArray(POLLERS);
    private volatile boolean over;

    /** Asks again as soon as it is answered, and counts. */
    private Void pollWithoutPause(ServerUnderTest run, int poller) throws IOException {
        byte[] request = ("GET /training/progress HTTP/1.1\r\nHost: localhost:" + run.server.port() + "\r\n\r\n")
                .getBytes(US_ASCII);
        try (Socket socket = run.connect()) {
            byte[] answer = new byte[8_192];
            while (!over) {
                socket.getOutputStream().write(request);
                int read = socket.getInputStream().read(answer); // so short an answer comes in one piece
                assertEquals("HTTP/1.1 200", new String(answer, 0, Math.min(read, 12), US_ASCII));
                answers.incrementAndGet(poller);
            }
        }
        return null;
    }

    @Test
    void spendsLittleOnPollersThatNeverPauseAndAnswersEachOfThem(@TempDir Path folder) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(POLLERS);
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            long io = ioThread(before);
            run.published.set(ServerUnderTest.running(1, 2, 4.0));
            List<Future<Void>> pollers = new ArrayList<>();
            for (int i = 0; i < POLLERS; i++) {
                int poller = i;
                pollers.add(threads.submit(() -> pollWithoutPause(run, poller)));
            }
            Thread.sleep(1_000); // for the server's code to be compiled
            long spent = THREADS.getThreadCpuTime(io);
            long start = System.nanoTime();
            while (System.nanoTime() - start < 3_000_000_000L || !eachWasAnswered(5)) {
                Thread.sleep(10);
            }
            double share = (double) (THREADS.getThreadCpuTime(io) - spent) / (System.nanoTime() - start);
            over = true;
            for (Future<Void> poller : pollers) {
                poller.get();
            }
            assertTrue(share < 0.3, "polls took " + share + " of a core");
        } finally {
            threads.shutdownNow();
        }
    }

    private boolean eachWasAnswered(int times) {
        return IntStream.range(0, POLLERS).allMatch(poller -> answers.get(poller) >= times);
    }
}
