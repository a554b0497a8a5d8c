package perdure.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import perdure.status.TrainingProgress;
import perdure.status.TrainingStatus;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(180)
class EventStreamTest {

    private static final Duration LONG = Duration.ofMinutes(5);
    private static final int CLIENTS = 8;
    private static final Limits LIMITS = new Limits(LONG, LONG, LONG, LONG, 32, 1_000, CLIENTS, 64);

    @AutoClose
    private ServerUnderTest run;

    @BeforeEach
    void start(@TempDir Path folder) {
        run = new ServerUnderTest(folder, new ServerOptions("127.0.0.1", 0, null, LIMITS));
    }

    static TrainingStatus saying(String message) {
        TrainingProgress idle = TrainingProgress.of(TrainingProgress.State.IDLE);
        return new TrainingStatus(
                true,
                1,
                2,
                4.0,
                new TrainingProgress(
                        TrainingProgress.State.TRAINING,
                        message,
                        idle.position(),
                        idle.speed(),
                        idle.quality(),
                        idle.saved(),
                        idle.lastEpoch(),
                        null));
    }

    private static String message(Map<String, String> event) {
        assertEquals("progress", event.get("event"));
        return JsonMapper.shared().readTree(event.get("data")).get("message").asString();
    }

    /** A client of the stream: each event as its fields by name. */
    private final class Client implements AutoCloseable {

        private final HttpResponse<InputStream> answer;
        private final BufferedReader lines;

        Client(String lastEventId) throws IOException, InterruptedException {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(run.url("/training/events")));
            if (lastEventId != null) {
                request.header("Last-Event-ID", lastEventId);
            }
            answer = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            lines = new BufferedReader(new InputStreamReader(answer.body(), UTF_8));
        }

        Map<String, String> next() {
            try {
                Map<String, String> event = new HashMap<>();
                for (String line = lines.readLine(); !line.isEmpty() || event.isEmpty(); line = lines.readLine()) {
                    int colon = line.indexOf(':');
                    if (colon > 0) {
                        event.put(
                                line.substring(0, colon),
                                line.substring(colon + 1).strip());
                    }
                }
                return event;
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    @Test
    void tellsTheNewestStatusAndThenEachChange() throws Exception {
        run.published.set(saying("one"));
        try (Client client = new Client(null)) {
            assertTrue(client.answer
                    .headers()
                    .firstValue("Content-Type")
                    .orElseThrow()
                    .startsWith("text/event-stream"));
            assertEquals("one", message(client.next()));
            run.published.set(saying("two"));
            assertEquals("two", message(client.next()));
            run.published.set(saying("three"));
            assertEquals("three", message(client.next()));
        }
    }

    /** Else a page that asks and listens at once goes back to an older status. */
    @Test
    void theFirstEventIsNoOlderThanWhatIsPublished() throws Exception {
        for (int i = 0; i < 20; i++) {
            run.published.set(saying("status " + i));
            try (Client client = new Client(null)) {
                assertEquals("status " + i, message(client.next()));
            }
        }
    }

    @Test
    void replaysWhatAClientMissed() throws Exception {
        run.published.set(saying("one"));
        String seen;
        try (Client client = new Client(null)) {
            seen = client.next().get("id");
        }
        try (Client witness = new Client(null)) {
            witness.next();
            for (String message : new String[] {"two", "three"}) {
                run.published.set(saying(message));
                witness.next();
            }
        }
        try (Client back = new Client(seen)) {
            assertEquals("two", message(back.next()));
            assertEquals("three", message(back.next()));
        }
    }

    @Test
    void tellsHowTheRunEndedBeforeTheServerCloses() throws Exception {
        run.published.set(saying("one"));
        try (Client client = new Client(null)) {
            client.next();
            TrainingStatus running = run.published.get();
            run.published.set(new TrainingStatus(
                    false, 2, 2, null, running.progress().with(TrainingProgress.State.FINISHED, null)));
            run.endPatiently();
            Map<String, String> last = client.next();
            assertEquals("progress", last.get("event"));
            Map<String, String> end = client.next();
            assertEquals("end", end.get("event"));
            assertEquals(last.get("data"), end.get("data"));
            JsonNode status = JsonMapper.shared().readTree(end.get("data"));
            assertEquals("finished", status.get("state").asString());
            assertFalse(status.get("running").asBoolean());
            assertEquals(null, client.lines.readLine(), "the stream ends");
        }
    }

    @Test
    void aClientThatDoesNotReadDelaysTheEndForAMomentOnly() throws Exception {
        run.published.set(saying("x".repeat(100_000)));
        try (Socket deaf = run.connect()) {
            deaf.setReceiveBufferSize(1_024);
            deaf.getOutputStream()
                    .write(("GET /training/events HTTP/1.1\r\nHost: 127.0.0.1:" + run.server.port() + "\r\n\r\n")
                            .getBytes(UTF_8));
            deaf.getInputStream().read();
            for (int change = 0; change < 50; change++) {
                run.published.set(saying("x".repeat(100_000 + change)));
                Thread.sleep(10);
            }
            run.server.close();
        }
    }

    @Test
    void aSlowClientGetsTheEventsToTheEnd() throws Exception {
        run.published.set(saying("x".repeat(8_000_000))); // more than the buffers between the two hold
        try (Socket slow = run.connect()) {
            slow.getOutputStream().write("GET /training/events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8));
            slow.getInputStream().read();
            CompletableFuture<Void> closing = CompletableFuture.runAsync(run::endPatiently);
            String rest = new String(slow.getInputStream().readAllBytes(), UTF_8);
            closing.get();
            assertTrue(rest.contains("event: end\n") && rest.endsWith("\n\n"));
        }
    }

    @Test
    void tellsAClientOfAnEarlierProcessThatItMissedSomething() throws Exception {
        run.published.set(saying("one"));
        for (String foreign : new String[] {"abc-7", "7", "<script>", "x".repeat(500)}) {
            try (Client client = new Client(foreign)) {
                assertEquals("gap", client.next().get("event"));
                assertEquals("one", message(client.next()));
            }
        }
    }

    @Test
    void forgetsEventsBeyondItsBufferAndSaysSo() throws Exception {
        StatusDocuments documents = new StatusDocuments(run.published);
        EventStream stream = new EventStream(documents, LIMITS);
        for (int i = 0; i < EventStream.REPLAYABLE + 100; i++) {
            run.published.set(saying("event " + i));
            stream.poll();
        }
        assertEquals(EventStream.REPLAYABLE, stream.buffered());
    }

    @Test
    @Timeout(14) // Less than the pause between comments, the first of which finds out too.
    void takesABoundedNumberOfClientsAndNewOnesSoonAfterOthersLeave() throws Exception {
        run.published.set(saying("one"));
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(new Client(null));
        }
        try (Client tooMany = new Client(null)) {
            assertEquals(503, tooMany.answer.statusCode());
            assertTrue(tooMany.answer.headers().firstValue("Retry-After").isPresent());
        }
        for (Client client : clients) {
            client.close();
        }
        // Nothing is published meanwhile, so that no event finds out who has left.
        for (int i = 0; i < CLIENTS; i++) {
            clients.set(i, listening());
        }
        for (Client client : clients) {
            client.close();
        }
    }

    /** Comes back until there is a place. */
    private Client listening() throws Exception {
        while (true) {
            Client client = new Client(null);
            if (client.answer.statusCode() == 200) {
                return client;
            }
            client.close();
            Thread.sleep(100);
        }
    }

    /** The thread that sends and the one that notices a reset once took their locks in opposite orders. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void listenersThatResetWhileTheServerSaysItsLastHoldNothingUp(@TempDir Path other) throws Exception {
        for (int round = 0; round < 8; round++) {
            try (ServerUnderTest closing = new ServerUnderTest(other)) {
                closing.published.set(saying("x".repeat(100_000)));
                List<Socket> listeners = new ArrayList<>();
                for (int i = 0; i < 16; i++) {
                    Socket listener = closing.connect();
                    listener.setSoLinger(true, 0);
                    listener.getOutputStream()
                            .write("GET /training/events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8));
                    assertEquals('H', listener.getInputStream().read());
                    listeners.add(listener);
                }
                for (Socket listener : listeners) {
                    listener.close();
                }
            }
        }
    }

    /** A listener at another address of this machine; its first bytes. */
    private String listenFrom(String address, List<Socket> sockets) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.bind(new InetSocketAddress(address, 0));
        socket.connect(new InetSocketAddress("127.0.0.1", run.server.port()));
        socket.setSoTimeout(60_000);
        String request = "GET /training/events HTTP/1.1\r\nHost: localhost:" + run.server.port() + "\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(UTF_8));
        return new String(socket.getInputStream().readNBytes(12), UTF_8);
    }

    @RepeatedTest(20) // How soon a client listens after its request differs from time to time.
    @EnabledOnOs(OS.LINUX) // where all of 127.0.0.0/8 are addresses of this machine
    void oneAddressCannotKeepOthersFromListening() throws Exception {
        run.published.set(saying("one"));
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                assertEquals("HTTP/1.1 200", listenFrom("127.0.0.1", sockets));
            }
            assertEquals("HTTP/1.1 503", listenFrom("127.0.0.1", sockets));
            for (int i = 0; i < CLIENTS / 2; i++) {
                assertEquals("HTTP/1.1 200", listenFrom("127.0.0.2", sockets));
                sockets.get(i).getInputStream().readAllBytes(); // the oldest of the other address has left
            }
            assertEquals("HTTP/1.1 503", listenFrom("127.0.0.2", sockets), "now both have the same");
            assertEquals("HTTP/1.1 503", listenFrom("127.0.0.1", sockets));
            assertEquals("HTTP/1.1 200", listenFrom("127.0.0.3", sockets));
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
