package perdure.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RequestBudgetsTest {

    private static final int POLLERS = 20;

    private static long ioNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(thread -> thread != null && thread.getThreadName().startsWith("perdure-server I/O"))
                .mapToLong(ThreadInfo::getThreadId)
                .map(threads::getThreadCpuTime)
                .sum();
    }

    private volatile boolean over;

    /** Asks again as soon as it is answered, and counts. */
    private Integer pollWithoutPause(ServerUnderTest run) throws IOException {
        byte[] request = ("GET /training/progress HTTP/1.1\r\nHost: localhost:" + run.server.port() + "\r\n\r\n")
                .getBytes(US_ASCII);
        int answers = 0;
        try (Socket socket = run.connect()) {
            byte[] answer = new byte[8_192];
            while (!over) {
                socket.getOutputStream().write(request);
                int read = socket.getInputStream().read(answer); // so short an answer comes in one piece
                assertEquals("HTTP/1.1 200", new String(answer, 0, Math.min(read, 12), US_ASCII));
                answers++;
            }
        }
        return answers;
    }

    @Test
    void spendsLittleOnPollersThatNeverPauseAndAnswersEachOfThem(@TempDir Path folder) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(POLLERS);
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            run.published.set(ServerUnderTest.running(1, 2, 4.0));
            List<Future<Integer>> pollers = new ArrayList<>();
            for (int i = 0; i < POLLERS; i++) {
                pollers.add(threads.submit(() -> pollWithoutPause(run)));
            }
            Thread.sleep(1_000); // for the server's code to be compiled
            long spent = ioNanos();
            long start = System.nanoTime();
            Thread.sleep(3_000);
            double share = (double) (ioNanos() - spent) / (System.nanoTime() - start);
            over = true;
            for (Future<Integer> poller : pollers) {
                assertTrue(poller.get() > 4, "a poller was answered " + poller.get() + " times");
            }
            assertTrue(share < 0.3, "polls took " + share + " of a core");
        } finally {
            threads.shutdownNow();
        }
    }
}
