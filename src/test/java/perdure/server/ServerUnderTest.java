package perdure.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import perdure.chat.ChatSession;
import perdure.device.ResidentMemory;
import perdure.server.openai.ModelNames;
import perdure.status.RunFacts;
import perdure.status.TrainingProgress;
import perdure.status.TrainingStatus;

/** A real server on a free port, and the ways to ask it. */
public final class ServerUnderTest implements AutoCloseable {

    static final int CHATS_WAITING = 1;

    final AtomicReference<TrainingStatus> published = new AtomicReference<>();
    final AtomicInteger stops = new AtomicInteger();
    public final ChatSession chat;
    public final StatusServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    public ServerUnderTest(Path folder) {
        this(folder, ServerOptions.local(0));
    }

    ServerUnderTest(Path folder, Access access) {
        this(folder, new ServerOptions("127.0.0.1", 0, access, Limits.standard(), ModelNames.WITHOUT_ALIASES));
    }

    public ServerUnderTest(Path folder, ServerOptions options) {
        chat = new ChatSession(folder, CHATS_WAITING, 1);
        server = StatusServer.start(
                options,
                new ServedRun(
                        published, folder, chat, stops::incrementAndGet, () -> 123_456_789L, ResidentMemory::bytes));
    }

    static TrainingStatus running(int epoch, int epochs, Double loss) {
        TrainingProgress progress = new TrainingProgress(
                TrainingProgress.State.TRAINING,
                null,
                new TrainingProgress.Steps(420, 900, 20, 60, 46.6, 430_080),
                new TrainingProgress.Speed(20_500.0, 75L, 21.0, 63.0, 2, 512L << 20),
                new TrainingProgress.Quality(3e-4, 0.9, 4.8, 4.99, Double.NaN, null),
                new TrainingProgress.Saved("step-0000000400", 400, "2026-01-01T00:00:00Z", 3, 1, 0.25, 1.5),
                null,
                null);
        return new TrainingStatus(true, epoch, epochs, loss, progress)
                .withRun(new RunFacts("checkpoints", "my.txt", 61_440, 6_000, 836_864, "cpu", 2, "fp32"));
    }

    public String url(String path) {
        return "http://127.0.0.1:" + server.port() + path;
    }

    public HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return send("GET", path, headers);
    }

    HttpResponse<String> send(String method, String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url(path))).method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    HttpRequest post(String path, String json) {
        return HttpRequest.newBuilder(URI.create(url(path)))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
    }

    public HttpResponse<String> answer(String path, String json) throws IOException, InterruptedException {
        return client.send(post(path, json), HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    /** The answer's body arrives later. */
    CompletableFuture<HttpResponse<String>> answerLater(String path, String json) {
        return client.sendAsync(post(path, json), HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    /** A connection that waits at most a minute for a byte, which also a busy machine needs less than. */
    public Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout(60_000);
        return socket;
    }

    /** What comes, up to and with the text. */
    public static String until(Socket socket, String text) throws IOException {
        StringBuilder seen = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (seen.indexOf(text) < 0) {
            int next = in.read();
            assertTrue(next >= 0, "ended after " + seen);
            seen.append((char) next);
        }
        return seen.toString();
    }

    /** Sends the bytes as they are and returns all that comes back until the server closes. */
    String raw(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    /** Closes the server alone, and leaves its clients all the time that they need to read the end. */
    public void endPatiently() {
        server.close(60_000);
    }

    @Override
    public void close() {
        server.close();
        chat.close();
    }
}
