package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages of origins that were allowed may read and act, those behind the public URL may act, and all others may not. */
class CrossOriginTest {

    private static final String ALLOWED = "http://localhost:3000";
    private static final Access ACCESS = Access.LOCAL
            .withToken("s3cret")
            .withOrigin(ALLOWED)
            .withOrigin("chrome-extension://abcdef")
            .withPublicUrl("https://perdure.example/run/");

    @AutoClose
    private ServerUnderTest run;

    @BeforeEach
    void start(@TempDir Path folder) {
        run = new ServerUnderTest(folder, ACCESS);
        run.published.set(ServerUnderTest.running(1, 2, 4.0));
    }

    private String send(String method, String path, String... headers) throws Exception {
        return run.raw(method + " " + path + " HTTP/1.1\r\nHost: localhost:" + run.server.port() + "\r\n"
                + String.join("\r\n", headers) + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }

    @Test
    void aBrowserMayAskBeforeItSendsTheToken() throws Exception {
        for (String path : List.of("/v1/chat/completions", "/training/stop", "/nothing")) {
            String answer = send(
                    "OPTIONS",
                    path,
                    "Origin: " + ALLOWED,
                    "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: authorization,content-type,x-stainless-os",
                    "Access-Control-Request-Private-Network: true");
            assertTrue(answer.startsWith("HTTP/1.1 204 "), answer);
            for (String header : List.of(
                    "Access-Control-Allow-Origin: " + ALLOWED,
                    "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS",
                    "Access-Control-Allow-Headers: authorization,content-type,x-stainless-os",
                    "Access-Control-Allow-Private-Network: true",
                    "Access-Control-Max-Age: 600",
                    "Vary: Origin")) {
                assertTrue(answer.contains("\r\n" + header + "\r\n"), header + " in " + answer);
            }
            assertFalse(answer.contains("Allow-Credentials"), answer);
        }
    }

    @Test
    void anAllowedPageReadsAnswersAndErrors() throws Exception {
        String refused = send("GET", "/training/status", "Origin: " + ALLOWED);
        assertTrue(refused.startsWith("HTTP/1.1 401 "), refused);
        assertTrue(refused.contains("\r\nAccess-Control-Allow-Origin: " + ALLOWED + "\r\n"), refused);
        String stopped = send("POST", "/training/stop", "Origin: " + ALLOWED, "Authorization: Bearer s3cret");
        assertTrue(stopped.startsWith("HTTP/1.1 202 "), stopped);
        assertTrue(stopped.contains("\r\nAccess-Control-Allow-Origin: " + ALLOWED + "\r\n"), stopped);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://localhost:3001",
                "http://localhost",
                "https://localhost:3000",
                "null",
                "http://localhost:3000/",
                "http://localhost:3000.evil.example",
                "http://evil.example",
                "http://LOCALHOST:3000",
                "*"
            })
    void otherPagesNeitherReadNorAct(String origin) throws Exception {
        String preflight =
                send("OPTIONS", "/training/stop", "Origin: " + origin, "Access-Control-Request-Method: POST");
        String read = send("GET", "/training/status", "Origin: " + origin, "Authorization: Bearer s3cret");
        String acted = send("POST", "/training/stop", "Origin: " + origin, "Authorization: Bearer s3cret");
        for (String answer : List.of(preflight, read, acted)) {
            assertFalse(answer.contains("Access-Control-Allow"), answer);
            assertTrue(answer.contains("\r\nVary: Origin\r\n"), answer);
        }
        assertTrue(acted.startsWith("HTTP/1.1 403 "), acted);
        assertEquals(0, run.stops.get());
    }

    @Test
    void twoOriginsAreNone() throws Exception {
        String acted = send(
                "POST",
                "/training/stop",
                "Origin: " + ALLOWED,
                "Origin: http://evil.example",
                "Authorization: Bearer s3cret");
        assertTrue(acted.startsWith("HTTP/1.1 403 "), acted);
    }

    @Test
    void thePageBehindTheProxyMayAct() throws Exception {
        String acted =
                send("POST", "/training/stop", "Origin: https://perdure.example", "Authorization: Bearer s3cret");
        assertTrue(acted.startsWith("HTTP/1.1 202 "), acted);
        assertFalse(acted.contains("Access-Control-Allow"), "its page has the same origin and needs no permission");
    }

    @ParameterizedTest
    @CsvSource({
        "http://Localhost:80, http://localhost",
        "https://example.org:443/, https://example.org",
        "https://example.org:80, https://example.org:80",
        "tauri://localhost, tauri://localhost"
    })
    void originsAreTakenAsBrowsersWriteThem(String given, String written) {
        assertEquals(List.of(written), Access.LOCAL.withOrigin(given).origins());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*",
                "null",
                "example.org",
                "https://example.org/path",
                "https://u@example.org",
                "https://",
                "a b",
                ""
            })
    void namesAnOriginThatIsNone(String origin) {
        String refused = assertThrows(IllegalArgumentException.class, () -> Access.LOCAL.withOrigin(origin))
                .getMessage();
        assertTrue(refused.startsWith("origin " + origin + " "), refused);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "example.org",
                "ftp://example.org/",
                "https://example.org/?q",
                "https://example.org/#f",
                "https:///x/",
                "https://u:p@example.org/",
                "https://example.org/a/../b/",
                "https://example.org/a%20b/",
                "https://example.org/a//b"
            })
    void namesAPublicUrlThatIsNone(String url) {
        String refused = assertThrows(IllegalArgumentException.class, () -> Access.LOCAL.withPublicUrl(url))
                .getMessage();
        assertTrue(refused.startsWith("public URL " + url + " "), refused);
    }

    @ParameterizedTest
    @CsvSource({
        "https://example.org, ''",
        "https://example.org/, ''",
        "http://example.org:81/a, /a",
        "https://example.org/a/b-c/, /a/b-c"
    })
    void thePathOfThePublicUrl(String url, String prefix) {
        assertEquals(prefix, Access.LOCAL.withPublicUrl(url).prefix());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a b",
                "https://example.org",
                "example.org:80",
                "example.org/",
                "*",
                "*.example.org",
                "-x",
                ".."
            })
    void namesAHostThatIsNone(String host) {
        String refused = assertThrows(IllegalArgumentException.class, () -> Access.LOCAL.withHost(host))
                .getMessage();
        assertTrue(refused.startsWith("host " + host + " "), refused);
    }
}
