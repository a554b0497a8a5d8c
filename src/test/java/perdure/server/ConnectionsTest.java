package perdure.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The times are so long that only the number of connections closes one. */
@Timeout(180)
class ConnectionsTest {

    private static final Duration LONG = Duration.ofMinutes(5);
    private static final int MOST = 8;
    private static final Limits LIMITS = new Limits(LONG, LONG, LONG, LONG, MOST, 1_000_000, 4, 64);

    @AutoClose
    private ServerUnderTest run;

    private final List<Socket> sockets = new ArrayList<>();

    @BeforeEach
    void start(@TempDir Path folder) {
        run = new ServerUnderTest(folder, new ServerOptions("127.0.0.1", 0, null, LIMITS));
        run.published.set(ServerUnderTest.running(1, 2, 4.0));
    }

    @AfterEach
    void leave() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private Socket connect(String from) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.setSoTimeout(30_000);
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), run.server.port()));
        return socket;
    }

    private Socket connect() throws IOException {
        return connect("127.0.0.1");
    }

    private void send(Socket socket, String text) throws IOException {
        socket.getOutputStream()
                .write(text.replace("HOST", "localhost:" + run.server.port()).getBytes(ISO_8859_1));
    }

    /** Asks on an open connection and reads the answer, which shows that the server has accepted it. */
    private void ask(Socket socket) throws IOException {
        send(socket, "GET /livez HTTP/1.1\r\nHost: HOST\r\n\r\n");
        assertEquals(200, HttpReply.read(socket.getInputStream(), false).status());
    }

    private static boolean closed(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }

    private static boolean open(Socket socket) throws IOException {
        socket.setSoTimeout(100);
        try {
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException silent) {
            return true;
        } finally {
            socket.setSoTimeout(30_000);
        }
    }

    /** Today's browsers keep connections that they do not use, and so may anybody who wants to harm. */
    @Test
    void manySilentConnectionsLockNobodyOut() throws Exception {
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < 5 * MOST; i++) {
            silent.add(connect());
        }
        for (int i = 0; i < 3; i++) {
            ask(connect());
        }
        for (Socket gone : silent.subList(0, 4 * MOST)) {
            assertTrue(closed(gone));
        }
        assertTrue(open(silent.get(silent.size() - 1)), "the newest stays");
    }

    @Test
    void theOldestIdleConnectionGoesFirst() throws Exception {
        List<Socket> crowd = new ArrayList<>();
        for (int i = 0; i < MOST; i++) {
            crowd.add(connect());
            ask(crowd.get(i));
        }
        ask(crowd.get(0)); // now the second is idle for the longest time
        ask(connect());
        assertTrue(closed(crowd.get(1)));
        assertTrue(open(crowd.get(0)));
        assertTrue(open(crowd.get(2)));
    }

    @Test
    void slowHeadersAndBodiesLockNobodyOut() throws Exception {
        List<Socket> slow = new ArrayList<>();
        for (int i = 0; i < 2 * MOST; i++) {
            slow.add(connect());
            String unfinished = i % 2 == 0
                    ? "GET /livez HTTP/1.1\r\nHost: HOST\r\nX: "
                    : "POST /v1/chat/completions HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1000\r\n\r\n{";
            send(slow.get(i), unfinished);
        }
        ask(connect());
        assertTrue(closed(slow.get(0)));
        assertTrue(closed(slow.get(1)));
    }

    @Test
    void answersThatNobodyReadsLockNobodyOut() throws Exception {
        String file = "GET /library/preact.js HTTP/1.1\r\nHost: HOST\r\n\r\n";
        List<Socket> deaf = new ArrayList<>();
        for (int i = 0; i < MOST; i++) {
            Socket socket = connect();
            deaf.add(socket);
            send(socket, file.repeat(30));
        }
        ask(connect());
        ask(connect());
    }

    @Test
    void aCrowdEndsNoStreamOfEvents() throws Exception {
        Socket listener = connect();
        send(listener, "GET /training/events HTTP/1.1\r\nHost: HOST\r\n\r\n");
        BufferedReader events = new BufferedReader(new InputStreamReader(listener.getInputStream(), UTF_8));
        await(events, "4.0");
        for (int i = 0; i < 3 * MOST; i++) {
            connect();
        }
        ask(connect());
        run.published.set(ServerUnderTest.running(1, 2, 3.25));
        await(events, "3.25");
    }

    private static void await(BufferedReader events, String loss) throws IOException {
        for (String line = ""; !line.contains("\"loss\":" + loss); line = events.readLine()) {
            assertTrue(line != null, "the stream has ended");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX) // where all of 127.0.0.0/8 are addresses of this machine
    void anAddressThatHoldsManyGivesWayBeforeOneThatHoldsFew() throws Exception {
        Socket oldest = connect("127.0.0.2");
        ask(oldest);
        List<Socket> many = new ArrayList<>();
        for (int i = 0; i < 2 * MOST; i++) {
            Socket socket = connect("127.0.0.3");
            ask(socket);
            many.add(socket);
        }
        ask(connect("127.0.0.4"));
        assertTrue(open(oldest));
        assertTrue(closed(many.get(0)));
        ask(oldest);
    }
}
