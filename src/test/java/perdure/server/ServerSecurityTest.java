package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.http.HttpHeaders;
import java.nio.file.Path;
import java.util.List;
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
    @ValueSource(
            strings = {
                "localhost:PORT", "LocalHost:PORT", "localhost", "localhost:9000", "localhost.:PORT", "run.localhost",
                "127.0.0.1:PORT", "127.0.0.1", "127.0.0.2:9000", "[::1]:PORT", "[::1]:9000", "[::1]"
            })
    void answersToTheNamesOfThisMachineOnAnyPort(String host) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            assertStatus(200, run.raw(get(host.replace("PORT", String.valueOf(run.server.port())))));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example:PORT",
                "localhost.evil.example:PORT",
                "127.0.0.1.evil.example",
                "evillocalhost:PORT",
                "0.0.0.0:PORT",
                "192.0.2.1:PORT",
                "127.0.0.1:PORT@evil.example",
                "localhost:PORTx",
                "",
                ":PORT",
                "[::2]",
                "localhost,evil.example",
                "localhost:PORT evil.example"
            })
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
            assertTrue(answer.contains("localhost, 127.0.0.1, [::1]"), answer);
        }
    }

    @Test
    void refusesTwoHostHeadersAndNoneButInHttp10() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            String own = "localhost:" + run.server.port();
            String two = run.raw(get(own + "\r\nHost: evil.example"));
            assertFalse(two.startsWith("HTTP/1.1 200"), two);
            assertStatus(400, run.raw("GET /training/status HTTP/1.1\r\n\r\n"));
            String old = run.raw("GET /training/status HTTP/1.0\r\n\r\n");
            assertTrue(old.startsWith("HTTP/1.0 200 ") && old.contains("\"running\""), old);
            String named = run.raw("GET http://evil.example/training/status HTTP/1.0\r\n\r\n");
            assertTrue(named.startsWith("HTTP/1.0 421 "), named);
            String rebound = run.raw("GET /training/status HTTP/1.0\r\nHost: evil.example\r\n\r\n");
            assertTrue(rebound.startsWith("HTTP/1.0 421 "), rebound);
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
            assertStatus(202, run.raw(post("localhost:9000", "http://localhost:9000")));
            assertStatus(202, run.raw(post("localhost:443", "https://localhost")));
            assertEquals(3, run.stops.get());
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
            for (String scheme : new String[] {"Bearer ", "bearer ", "BEARER  "}) {
                assertEquals(
                        200,
                        run.get("/training/status", "Authorization", scheme + "s3cret")
                                .statusCode());
            }
            assertEquals(
                    401,
                    run.get("/training/status", "Authorization", "Bearers3cret").statusCode());
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
        AllowedHosts hosts = new AllowedHosts("0.0.0.0", InetAddress.getByName("0.0.0.0"), Access.LOCAL);
        assertTrue(hosts.contains("192.0.2.7:9000"));
        assertTrue(hosts.contains("[2001:db8::1]:8080"));
        assertTrue(hosts.contains("localhost:8080"));
        assertFalse(hosts.contains("evil.example:8080"));
        assertFalse(hosts.contains("1.2.3.4.evil.example:8080"));
    }

    @Test
    void takesTheNamesThatWereAllowedAndThatOfThePublicUrl() throws Exception {
        Access access = Access.LOCAL
                .withHost("Lab.example.")
                .withHost("[2001:db8::1]")
                .withPublicUrl("https://perdure.example:8443/run/");
        AllowedHosts hosts = new AllowedHosts("192.0.2.7", InetAddress.getByName("192.0.2.7"), access);
        for (String host : List.of(
                "lab.example", "LAB.example:80", "[2001:db8::1]:1", "perdure.example", "192.0.2.7:99", "127.0.0.1")) {
            assertTrue(hosts.contains(host), host);
        }
        for (String host : List.of("x.lab.example", "example", "192.0.2.8", "lab.example:80:80", "lab.example:")) {
            assertFalse(hosts.contains(host), host);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding: identity",
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: chunked, chunked",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nContent-Length: 5",
                "Content-Length: 5\r\nContent-Length: 6",
                "Content-Length: +5",
                "Content-Length: 5, 5",
                "Transfer-Encoding : chunked"
            })
    void refusesABodyWhoseEndTwoServersCouldSeeDifferently(String framing) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            String answer = run.raw("POST /training/stop HTTP/1.1\r\nHost: localhost\r\n" + framing
                    + "\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertStatus(400, answer);
            assertEquals(1, answer.split("HTTP/1.1 ", -1).length - 1, answer);
        }
    }

    @Test
    void refusesChunksInHttp10() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            String answer = run.raw("POST /training/stop HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.0 400 "), answer);
        }
    }
}
