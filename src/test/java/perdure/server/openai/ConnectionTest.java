package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static perdure.server.ServerUnderTest.until;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.server.SavedModel;
import perdure.server.ServerTest;

/** What clients do with their connection beside asking once: as RFC 9110 and RFC 9112 have it. */
@Timeout(180)
class ConnectionTest extends ServerTest {

    private static final String BODY = "{\"model\":\"perdure\",\"temperature\":0,\"max_tokens\":5,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
    private static final String STREAM = BODY.replace("\"max", "\"stream\":true,\"max");

    @BeforeEach
    void save() throws Exception {
        SavedModel.commitSlow(folder, 3);
    }

    private static String post(String body, String... headers) {
        return head("1.1", body.length(), headers) + body;
    }

    private static String head(String version, int length, String... headers) {
        return "POST /v1/chat/completions HTTP/" + version + "\r\nHost: localhost\r\nContent-Length: " + length + "\r\n"
                + String.join("", headers) + "\r\n";
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static int count(String text, String part) {
        return text.split(part, -1).length - 1;
    }

    @ParameterizedTest
    @ValueSource(strings = {BODY, "stream"})
    void aClientThatShutsItsSendingSideGetsItsAnswer(String body) throws Exception {
        try (Socket socket = run.connect()) {
            send(socket, post(body.equals("stream") ? STREAM : BODY));
            socket.shutdownOutput();
            String answer = rest(socket);
            assertTrue(answer.startsWith("HTTP/1.1 200 OK"), answer);
            assertTrue(answer.contains("\"finish_reason\":\"length\""), answer);
            assertEquals(body.equals("stream"), answer.contains("[DONE]"), answer);
        }
    }

    /** An answer that has to wait: meanwhile the server asks whether the client is still there. */
    @Test
    void aClientThatShutsItsSendingSideAndWaitsGetsItsAnswerAfterInterimOnes() throws Exception {
        try (Socket first = run.connect();
                Socket waiting = run.connect()) {
            send(first, post(STREAM.replace(":5,", ":8192,")));
            until(first, "\"content\":\"");
            send(waiting, post(BODY));
            waiting.shutdownOutput();
            String interim = until(waiting, "HTTP/1.1 100 Continue\r\n\r\n");
            first.setSoLinger(true, 0); // reset
            first.close();
            String answer = interim + rest(waiting);
            assertTrue(answer.replace("HTTP/1.1 100 Continue\r\n\r\n", "").startsWith("HTTP/1.1 200 OK"), answer);
            assertTrue(answer.contains("\"finish_reason\":\"length\""), answer);
        }
    }

    @Test
    void aConnectionTakesMoreRequestsAfterAStream() throws Exception {
        try (Socket socket = run.connect()) {
            send(socket, post(STREAM) + post(STREAM));
            String streams = until(socket, "\r\n0\r\n\r\n") + until(socket, "\r\n0\r\n\r\n");
            assertEquals(2, count(streams, "HTTP/1.1 200 OK"), streams);
            assertEquals(2, count(streams, "Connection: keep-alive"), streams);
            assertEquals(2, count(streams, "data: \\[DONE]"), streams);
            send(socket, post(BODY) + post(BODY, "Connection: close\r\n"));
            assertEquals(2, count(rest(socket), "HTTP/1.1 200 OK"));
        }
    }

    @Test
    void aStreamIsNotHeldBackByTheRequestBehindIt() throws Exception {
        try (Socket socket = run.connect()) {
            String get = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
            send(socket, "GET /training/events" + get + "GET /livez" + get);
            until(socket, "text/event-stream");
        }
    }

    @Test
    void aStreamInHttp10EndsWithTheConnection() throws Exception {
        try (Socket socket = run.connect()) {
            send(socket, head("1.0", STREAM.length()) + STREAM);
            String answer = rest(socket);
            assertTrue(answer.startsWith("HTTP/1.0 200 OK"), answer);
            assertFalse(answer.contains("Transfer-Encoding"), answer);
            assertTrue(answer.endsWith("data: [DONE]\n\n"), answer);
        }
        try (Socket socket = run.connect()) {
            send(socket, (head("1.0", BODY.length()) + BODY).replace("Host: localhost\r\n", ""));
            assertTrue(rest(socket).startsWith("HTTP/1.0 200 OK"));
        }
    }

    @Test
    void aClientThatWaitsToBeToldToContinueIsTold() throws Exception {
        try (Socket socket = run.connect()) {
            send(socket, head("1.1", BODY.length(), "Expect: 100-continue\r\n"));
            assertEquals("HTTP/1.1 100 Continue\r\n", until(socket, "\n"));
            until(socket, "\r\n");
            send(socket, BODY + post(BODY, "Connection: close\r\n"));
            assertEquals(2, count(rest(socket), "HTTP/1.1 200 OK"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nothing", "/training/status", "large", "rebound"})
    void aBodyThatIsNotWantedIsNotAskedFor(String what) throws Exception {
        String head = head("1.1", what.equals("large") ? 3_000_000 : 10, "Expect: 100-continue\r\n");
        try (Socket socket = run.connect()) {
            send(
                    socket,
                    what.startsWith("/")
                            ? head.replace("/v1/chat/completions", what)
                            : what.equals("rebound") ? head.replace("localhost", "evil.example") : head);
            String answer = rest(socket);
            assertTrue(answer.matches("(?s)HTTP/1\\.1 (404|405|413|421) .*Connection: close.*\"error\".*"), answer);
        }
    }
}
