package perdure.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A round is as long as a test needs it, so that the order of answers does not depend on the speed of the machine. */
@Timeout(180)
class ProcessorBudgetTest {

    private static final int PER_ROUND = 2;
    private static final int LEAST_TURNS = 3;
    private static final int AT_ONCE = 1_000; // far more than here ask

    private final AtomicInteger handled = new AtomicInteger();
    private final List<Socket> sockets = new ArrayList<>();
    private Undertow server;

    /** @param ratio so high that every round takes as long as it may, or 0 */
    private void start(int ratio, long longestMillis) {
        long longest = TimeUnit.MILLISECONDS.toNanos(longestMillis);
        ProcessorBudget budget = new ProcessorBudget(() -> ratio, PER_ROUND, LEAST_TURNS, longest);
        server = Undertow.builder()
                .addHttpListener(0, "127.0.0.1")
                .setIoThreads(1)
                .setHandler(exchange -> budget.handle(exchange, this::answer))
                .build();
        server.start();
    }

    private void answer(HttpServerExchange exchange) throws Exception {
        handled.incrementAndGet();
        if (exchange.getRequestPath().equals("/worker")) {
            exchange.dispatch(
                    ProcessorBudget.charged(worker -> worker.getResponseSender().send("worker")));
        } else if (!exchange.isRequestComplete()) {
            new BlockingHandler(body ->
                            body.getResponseSender().send(body.getInputStream().readAllBytes().length + " bytes"))
                    .handleRequest(exchange);
        } else {
            exchange.getResponseSender().send("answer");
        }
    }

    @AfterEach
    void stop() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        server.stop();
    }

    private Socket connect() throws IOException {
        int port = ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(30_000);
        sockets.add(socket);
        return socket;
    }

    private static void ask(Socket socket, String path) throws IOException {
        socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(US_ASCII));
    }

    /** The body of the next answer. */
    private static String read(Socket socket) throws IOException {
        HttpReply reply = HttpReply.read(socket.getInputStream(), false);
        assertEquals(200, reply.status());
        return reply.body();
    }

    private static String answer(Socket socket, String path) throws IOException {
        ask(socket, path);
        return read(socket);
    }

    @Test
    void whoAsksTooOftenWaitsAndEveryoneElseIsAnsweredAtOnce() throws Exception {
        start(1_000_000_000, TimeUnit.MINUTES.toMillis(10)); // The first round is longer than this test.
        List<Socket> busy = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Socket poller = connect();
            busy.add(poller);
            for (int times = 0; times < PER_ROUND; times++) {
                assertEquals("answer", answer(poller, "/"));
            }
            ask(poller, "/");
        }
        for (int i = 0; i < 4; i++) {
            Socket stranger = connect();
            assertEquals("answer", answer(stranger, "/"));
            assertEquals("worker", answer(stranger, "/worker"));
        }
        for (Socket poller : busy) {
            assertEquals(0, poller.getInputStream().available(), "it waits while others are answered");
        }
    }

    @Test
    void thoseWhoNeverPauseTakeTurns() throws Exception {
        start(1_000_000, 100);
        AtomicIntegerArray answers = new AtomicIntegerArray(9);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < answers.length(); i++) {
            int mine = i;
            Socket poller = connect();
            threads.add(new Thread(() -> {
                try {
                    while (counts(answers).min().orElseThrow() < 12) { // everyone gets a turn
                        answer(poller, mine % 3 == 0 ? "/worker" : "/");
                        answers.incrementAndGet(mine);
                    }
                } catch (IOException failure) {
                    throw new AssertionError(failure);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        int least = counts(answers).min().orElseThrow();
        int most = counts(answers).max().orElseThrow();
        assertTrue(most - least <= least / 4 + 2 * PER_ROUND, "in equal shares: " + answers);
    }

    private static IntStream counts(AtomicIntegerArray answers) {
        return IntStream.range(0, answers.length()).map(answers::get);
    }

    @Test
    void requestsSentTogetherAreAnsweredInOrder() throws Exception {
        start(1_000_000, 50);
        Socket client = connect();
        for (int i = 0; i < 6; i++) {
            ask(client, i % 2 == 0 ? "/" : "/worker");
        }
        for (int i = 0; i < 6; i++) {
            assertEquals(i % 2 == 0 ? "answer" : "worker", read(client));
        }
    }

    @Test
    void aBodyArrivesWholeThoughItsRequestWaited() throws Exception {
        start(1_000_000, 50);
        Socket client = connect();
        String body = "x".repeat(300_000);
        for (int i = 0; i < 5; i++) {
            client.getOutputStream()
                    .write(("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n" + body)
                            .getBytes(US_ASCII));
            assertEquals("300000 bytes", read(client));
        }
    }

    @Test
    void aClientThatLeavesWhileItWaitsTakesNobodysTurn() throws Exception {
        start(1_000_000, 300);
        for (int i = 0; i < 20; i++) {
            try (Socket leaving = connect()) {
                for (int times = 0; times < PER_ROUND; times++) {
                    assertEquals("answer", answer(leaving, "/"));
                }
                ask(leaving, "/");
            }
        }
        Socket staying = connect();
        for (int i = 0; i < 4 * PER_ROUND; i++) {
            assertEquals("answer", answer(staying, "/"));
        }
    }

    @Test
    void whereNothingIsToBeSlowedDownNobodyWaits() throws Exception {
        start(0, 60_000);
        Socket client = connect();
        for (int i = 0; i < AT_ONCE; i++) {
            assertEquals("answer", answer(client, "/"));
        }
        assertEquals(AT_ONCE, handled.get());
    }
}
