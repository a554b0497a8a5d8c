package perdure.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static perdure.server.ServerUnderTest.until;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Through a real nginx with its defaults: streams arrive piece by piece, and everything works under a path. */
@Timeout(120)
class NginxTest {

    private static final String LONG = "{\"model\":\"perdure\",\"temperature\":0,\"max_tokens\":8192,\"stream\":true,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";

    private final HttpClient client = HttpClient.newHttpClient();

    @AutoClose
    private ServerUnderTest run;

    @AutoClose
    private Nginx nginx;

    @BeforeEach
    void start(@TempDir Path folder, @TempDir Path proxy) throws Exception {
        nginx = new Nginx();
        SavedModel.commitSlow(folder, 3);
        run = new ServerUnderTest(folder, Access.LOCAL.withPublicUrl(nginx.url(nginx.removing, "/perdure/")));
        run.published.set(ServerUnderTest.running(1, 2, 4.0));
        nginx.start(proxy, run.server.port());
    }

    private HttpResponse<String> get(int port, String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(nginx.url(port, path))).build(),
                HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    /** As a page sends it. */
    private HttpResponse<String> post(int port, String path, String origin, String body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(nginx.url(port, path)))
                        .header("Origin", origin)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    private static Socket open(int port, String request) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(60_000);
        socket.getOutputStream().write(request.getBytes(UTF_8));
        return socket;
    }

    /** Nothing follows an event that would fill a buffer, so one that is held back does not come. */
    @Test
    void anEventArrivesThoughNothingFollowsIt() throws Exception {
        String request = "GET /training/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
        try (Socket plain = open(nginx.plain, request);
                Socket gathering = open(nginx.gathering, request)) {
            until(plain, "event: progress\n");
            until(plain, "data: {");
            gathering.setSoTimeout(1_000);
            assertThrows(
                    SocketTimeoutException.class, () -> until(gathering, "data: {"), "the test sees the difference");
        }
    }

    @Test
    void anAnswerArrivesLongBeforeItsEnd() throws Exception {
        for (int port : List.of(nginx.plain, nginx.removing, nginx.leaving)) {
            String path = port == nginx.plain ? "" : "/perdure";
            try (Socket client = open(
                    port,
                    "POST " + path + "/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                            + LONG.length() + "\r\n\r\n" + LONG)) {
                until(client, "\"content\":\"\"");
                until(client, "\"content\":\"");
                assertFalse(run.get("/metrics").body().contains("outcome=\"answered\"} 1"), "it has not ended");
            }
            // nginx closes its own connection when its client is gone, and the answer ends.
            String line = "perdure_chat_requests_total{outcome=\"cancelled\"} "
                    + (List.of(nginx.plain, nginx.removing, nginx.leaving).indexOf(port) + 1) + ".0";
            while (!run.get("/metrics").body().contains(line)) {
                Thread.sleep(20);
            }
        }
    }

    @Test
    void thePageAndTheProtocolWorkUnderThePath() throws Exception {
        for (int port : List.of(nginx.removing, nginx.leaving)) {
            HttpResponse<String> page = get(port, "/perdure/");
            assertEquals(200, page.statusCode());
            Matcher link = Pattern.compile("(?:src|href)=\"([^\"]+)\"").matcher(page.body());
            int links = 0;
            while (link.find()) {
                String path = URI.create("/perdure/").resolve(link.group(1)).getPath();
                assertEquals(200, get(port, path).statusCode(), path);
                links++;
            }
            assertTrue(links > 5, page.body());
            assertEquals(200, get(port, "/perdure/v1/models").statusCode());
            String origin = nginx.url(port, "");
            assertEquals(
                    200,
                    post(port, "/perdure/v1/chat/completions", origin, LONG.replace("8192,\"stream\":true", "3"))
                            .statusCode());
            assertEquals(202, post(port, "/perdure/training/stop", origin, "").statusCode());
            assertEquals(
                    403,
                    post(port, "/perdure/training/stop", "http://evil.example", "")
                            .statusCode());
        }
    }

    @Test
    void nginxAddsTheSlashThatThePageNeeds() throws Exception {
        for (int port : List.of(nginx.removing, nginx.leaving)) {
            HttpResponse<String> answer = get(port, "/perdure");
            assertEquals(301, answer.statusCode());
            assertTrue(answer.headers().firstValue("Location").orElseThrow().endsWith("/perdure/"));
        }
    }
}
