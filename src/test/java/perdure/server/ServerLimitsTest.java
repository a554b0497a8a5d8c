package perdure.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Raw sockets, since these clients misbehave in ways that no HTTP client can. */
@Timeout(120)
class ServerLimitsTest {

    private static final Duration SHORT = Duration.ofMillis(600);

    /** Longer than a busy machine stands still between a connection and its request. */
    private static final Duration IDLE = Duration.ofSeconds(4);

    private static final Limits LIMITS = new Limits(SHORT, SHORT, IDLE, Duration.ofMinutes(5), 8, 1_000, 2, 4);

    /** Bytes that drip for a minute and a half. */
    private static final int MANY = 900;

    @AutoClose
    private ServerUnderTest run;

    private String host;

    @BeforeEach
    void start(@TempDir Path folder) {
        run = new ServerUnderTest(folder, new ServerOptions("127.0.0.1", 0, null, LIMITS));
        run.published.set(ServerUnderTest.running(1, 2, 4.0));
        host = "Host: localhost:" + run.server.port() + "\r\n";
    }

    /** Sends one byte of the text each 100 ms and returns after how many the server had enough. */
    private int drip(Socket socket, String text) throws Exception {
        socket.setSoTimeout(1);
        for (int sent = 0; sent < text.length(); sent++) {
            try {
                socket.getOutputStream().write(text.charAt(sent));
                while (socket.getInputStream().read() >= 0) {
                    // an answer before the end
                }
                return sent;
            } catch (SocketTimeoutException stillOpen) {
                Thread.sleep(100);
            } catch (IOException reset) {
                return sent;
            }
        }
        return text.length();
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    @Test
    void cutsHeadersThatDrip() throws Exception {
        try (Socket socket = run.connect()) {
            int sent = drip(socket, "GET /training/status HTTP/1.1\r\n" + host + "X: " + "x".repeat(MANY));
            assertTrue(sent < MANY, sent + " bytes");
        }
    }

    @Test
    void cutsABodyThatDrips() throws Exception {
        try (Socket socket = run.connect()) {
            write(socket, "POST /training/stop HTTP/1.1\r\n" + host + "Content-Length: " + MANY + "\r\n\r\n");
            int sent = drip(socket, "x".repeat(MANY));
            assertTrue(sent < MANY, sent + " bytes");
        }
    }

    @Test
    void cutsABodyThatNeverComes() throws Exception {
        String answer = run.raw("POST /nowhere HTTP/1.1\r\n" + host + "Content-Length: 100\r\n\r\n");
        assertFalse(answer.contains("200 OK"), answer);
    }

    @Test
    void cutsAConnectionThatSaysNothing() throws Exception {
        assertEquals("", run.raw(""));
    }

    @Test
    void cutsAKeptConnectionThatGoesQuiet() throws Exception {
        String answer = run.raw("GET /training/status HTTP/1.1\r\n" + host + "\r\n"); // all up to the cut
        assertTrue(answer.startsWith("HTTP/1.1 200 OK"), answer);
    }

    @Test
    void refusesABodyThatIsTooLarge() throws Exception {
        String answer = run.raw(
                "POST /training/stop HTTP/1.1\r\n" + host + "Content-Length: 1001\r\nConnection: close\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
        assertTrue(answer.contains("\"code\":\"too_large\""), answer);
        assertEquals(0, run.stops.get());
    }

    /** Its length is known only at its end. */
    @Test
    void refusesABodyInChunksThatIsTooLarge() throws Exception {
        for (int bytes : List.of(1001, 3_000, 200_000)) {
            String answer =
                    patiently("POST /v1/chat/completions HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n"
                            + Integer.toHexString(bytes) + "\r\n" + " ".repeat(bytes) + "\r\n0\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
            assertTrue(answer.contains("\"code\":\"too_large\""), answer);
        }
    }

    /** Of a hundred connections on a busy machine one is closed while its client still sends: that one tries again. */
    private String patiently(String request) throws IOException {
        try {
            return run.raw(request);
        } catch (SocketException cut) {
            return run.raw(request);
        }
    }

    @Test
    void refusesHeadersThatAreTooLargeOrTooMany() throws Exception {
        String large = "X: " + "x".repeat(20_000) + "\r\n";
        String many = "X: x\r\n".repeat(100);
        for (String headers : List.of(large, many)) {
            String answer;
            try {
                answer = run.raw("GET /training/status HTTP/1.1\r\n" + host + headers + "\r\n");
            } catch (IOException reset) {
                answer = "";
            }
            assertFalse(answer.contains("200 OK"), answer);
        }
    }

    @Test
    void survivesWhatIsNotHttp() throws Exception {
        for (String noise : List.of("\0\1\2\3\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n")) {
            assertFalse(run.raw(noise).contains("200 OK"), noise);
        }
        assertEquals(200, run.get("/livez").statusCode());
    }

    /** Another listener, which reads everything, tells when a message was sent to both. */
    @Test
    void dropsAListenerThatDoesNotRead() throws Exception {
        try (Socket slow = run.connect();
                Socket witness = run.connect()) {
            InputStream in = slow.getInputStream();
            BufferedReader seen = new BufferedReader(new InputStreamReader(witness.getInputStream(), UTF_8));
            for (Socket listener : List.of(slow, witness)) {
                write(listener, "GET /training/events HTTP/1.1\r\n" + host + "\r\n");
            }
            assertEquals("HTTP/1.1 200", new String(in.readNBytes(12), UTF_8));
            String message = "x".repeat(2_000_000);
            for (int i = 0; i < 12; i++) {
                run.published.set(EventStreamTest.saying(message + i));
                String end = "x" + i + "\"";
                for (String line = ""; !line.contains(end); line = seen.readLine()) {
                    // until it is here
                }
            }
            long received = 0;
            try {
                received = in.readAllBytes().length;
            } catch (SocketTimeoutException stillOpen) {
                throw new AssertionError(stillOpen);
            } catch (IOException reset) {
                // cut
            }
            assertTrue(received < 10L * message.length(), received + " bytes");
        }
    }
}
