package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusServerTest {

    @TempDir
    Path folder;

    private String refusal(String host, int port) {
        return assertThrows(
                        IllegalArgumentException.class,
                        () -> new ServerUnderTest(folder, new ServerOptions(host, port, "token")).close())
                .getMessage();
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.1", "localhost, localhost", "::1, [::1]", "[::1], [::1]"})
    void anIpv6AddressStandsInBracketsInAUrl(String host, String inUrl) {
        assertEquals(inUrl, new ServerOptions(host, 0, null).hostInUrl());
    }

    @Test
    void tellsItsUrl() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            assertEquals("http://127.0.0.1:" + run.server.port(), run.server.url());
        }
    }

    @Test
    void namesThePortThatIsBusy() throws Exception {
        try (ServerUnderTest other = new ServerUnderTest(folder)) {
            int port = other.server.port();
            String message = refusal("127.0.0.1", port);
            assertTrue(message.startsWith("port " + port + " is already in use"), message);
            assertEquals(1, message.lines().count());
        }
    }

    @Test
    void namesAPortThatIsNone() {
        assertTrue(refusal("127.0.0.1", 65_536).startsWith("port 65536 is not "));
        assertTrue(refusal("127.0.0.1", -1).startsWith("port -1 is not "));
    }

    @Test
    void namesTheHostThatIsNotHere() {
        String message = refusal("192.0.2.1", 0);
        assertTrue(message.startsWith("host 192.0.2.1 is not an address of this machine"), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void namesTheHostThatDoesNotExist() {
        assertTrue(refusal("no such host", 0).equals("There is no host no such host."));
        assertTrue(refusal("", 0).equals("The host is empty."));
    }

    @Test
    void refusesATokenThatNoHeaderCanCarry() {
        for (String token : List.of("", "two words", "line\nbreak", "gr\u00fcn")) {
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> new ServerOptions("127.0.0.1", 0, token), token);
            assertTrue(refused.getMessage().startsWith("The token "), refused.getMessage());
        }
    }

    @Test
    void hasOnlyAFewThreadsAndAllAreDaemons() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet(); // those of servers just closed may still be there
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            for (int i = 0; i < 20; i++) {
                run.get("/metrics");
            }
            List<Thread> threads = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("perdure-") && !before.contains(thread))
                    .toList();
            long names = threads.stream().map(Thread::getName).distinct().count();
            assertTrue(names >= 3 && names <= 5, threads.toString());
            assertTrue(threads.stream().allMatch(Thread::isDaemon), threads.toString());
        }
    }

    @Test
    @Timeout(60)
    void freesThePortWhenClosedAlsoWithClientsConnected() throws Exception {
        ServerUnderTest run = new ServerUnderTest(folder);
        int port = run.server.port();
        try (Socket idle = run.connect()) {
            idle.getOutputStream()
                    .write(("GET /training/events HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n").getBytes());
            assertTrue(idle.getInputStream().read() >= 0);
            run.close(); // The client does not leave by itself, so whoever waited for that would wait for ever.
            assertClosed(idle);
        }
        try (ServerUnderTest again = new ServerUnderTest(folder, ServerOptions.local(port))) {
            assertEquals(port, again.server.port());
        }
        assertFalse(isOpen(port));
    }

    private static void assertClosed(Socket socket) {
        try {
            while (socket.getInputStream().read() >= 0) {
                // what was under way
            }
        } catch (SocketTimeoutException stillOpen) {
            throw new AssertionError(stillOpen);
        } catch (IOException reset) {
            // closed as well
        }
    }

    private static boolean isOpen(int port) throws IOException {
        try (ServerSocket free = new ServerSocket()) {
            free.setReuseAddress(true);
            free.bind(new InetSocketAddress("127.0.0.1", port));
            return false;
        }
    }
}
