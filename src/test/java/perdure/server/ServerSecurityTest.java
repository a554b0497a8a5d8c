package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.http.HttpHeaders;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerSecurityTest {

    @TempDir
    Path folder;

    private static String get(String host) {
        return "GET /training/status HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
    }

    private static String post(String host, String origin) {
        return "POST /training/stop HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + origin
                + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    }

    private static void assertStatus(int status, String answer) {
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "[::1]", "LocalHost"})
    void answersToItsOwnNames(String name) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            assertStatus(200, run.raw(get(name + ":" + run.server.port())));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"evil.example:PORT", "localhost", "127.0.0.1:1", "localhost.evil.example:PORT", "", ":PORT"})
    void doesNotAnswerToAReboundName(String host) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            String answer = run.raw(get(host.replace("PORT", String.valueOf(run.server.port()))));
            assertFalse(answer.contains("\"running\""), answer);
            assertFalse(answer.startsWith("HTTP/1.1 200"), answer);
        }
    }

    @Test
    void saysWhichHostItWants() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            String answer = run.raw(get("evil.example:" + run.server.port()));
            assertStatus(421, answer);
            assertTrue(answer.contains("localhost:" + run.server.port()), answer);
        }
    }

    @Test
    void refusesTwoHostHeadersAndNone() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            String own = "localhost:" + run.server.port();
            String two = run.raw(get(own + "\r\nHost: evil.example"));
            assertFalse(two.startsWith("HTTP/1.1 200"), two);
            String none = run.raw("GET /training/status HTTP/1.0\r\n\r\n");
            assertFalse(none.contains("200 OK"), none);
        }
    }

    @Test
    void actsOnlyForItsOwnOrigin() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            run.published.set(ServerUnderTest.running(1, 2, 4.0));
            String own = "localhost:" + run.server.port();
            for (String foreign : new String[] {"http://evil.example", "null", "http://localhost:1", own}) {
                assertStatus(403, run.raw(post(own, foreign)));
            }
            assertEquals(0, run.stops.get());
            assertStatus(202, run.raw(post(own, "http://" + own)));
            assertEquals(1, run.stops.get());
        }
    }

    @Test
    void sendsTheHeadersThatTieABrowserDownAndNoneThatOpenItUp() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            for (String path : new String[] {"/training/status", "/nowhere", "/metrics"}) {
                HttpHeaders headers =
                        run.get(path, "Origin", "http://evil.example").headers();
                assertTrue(headers.firstValue("Content-Security-Policy")
                        .orElseThrow()
                        .startsWith("default-src 'none'"));
                assertEquals(
                        "nosniff", headers.firstValue("X-Content-Type-Options").orElseThrow());
                assertEquals(
                        "no-referrer", headers.firstValue("Referrer-Policy").orElseThrow());
                assertEquals("no-store", headers.firstValue("Cache-Control").orElseThrow());
                assertTrue(headers.firstValue("Access-Control-Allow-Origin").isEmpty());
            }
        }
    }

    @Test
    void asksForTheTokenEverywhereButAtTheProbes() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder, new ServerOptions("127.0.0.1", 0, "s3cret"))) {
            for (String path : new String[] {
                "/training/status", "/training/progress", "/training/history", "/training/events", "/metrics"
            }) {
                assertEquals(401, run.get(path).statusCode(), path);
                assertEquals(401, run.get(path, "Authorization", "Bearer s3cre").statusCode(), path);
                assertEquals(401, run.get(path, "Authorization", "s3cret").statusCode(), path);
            }
            assertEquals(401, run.send("POST", "/training/stop").statusCode());
            assertEquals(
                    "Bearer",
                    run.get("/training/status")
                            .headers()
                            .firstValue("WWW-Authenticate")
                            .orElseThrow());
            assertEquals(
                    200,
                    run.get("/training/status", "Authorization", "Bearer s3cret")
                            .statusCode());
            assertEquals(200, run.get("/livez").statusCode());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1"})
    void isNotReachableFromOutsideWithoutAToken(String host) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> new ServerOptions(host, 0, null));
        assertTrue(refused.getMessage().matches("host " + host + " .*token.*"), refused.getMessage());
    }

    @Test
    void boundToEveryAddressItTakesLiteralOnesAndNoForeignNames() throws Exception {
        AllowedHosts hosts = new AllowedHosts("0.0.0.0", InetAddress.getByName("0.0.0.0"));
        assertTrue(hosts.contains("192.0.2.7:9000", 8080));
        assertTrue(hosts.contains("[2001:db8::1]:8080", 8080));
        assertTrue(hosts.contains("localhost:8080", 8080));
        assertFalse(hosts.contains("evil.example:8080", 8080));
        assertFalse(hosts.contains("1.2.3.4.evil.example:8080", 8080));
    }

    @Test
    void atPort80TheHostNeedsNone() throws Exception {
        AllowedHosts hosts = new AllowedHosts("[::1]", InetAddress.getByName("::1"));
        assertTrue(hosts.contains("localhost", 80));
        assertTrue(hosts.contains("[::1]", 80));
        assertFalse(hosts.contains("localhost", 8080));
    }
}
