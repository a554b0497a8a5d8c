package perdure.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.undertow.util.HttpString;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.status.TrainingStatus;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every line of the server's own routing table, with every method and every class of fault: none gets through, none is
 * answered by a failure of the server, and none has an effect. A new route is in the table and so in this test.
 */
@Timeout(600)
class EveryRouteTest {

    private static final String TOKEN = "s3cret";
    private static final String ALLOWED = "http://localhost:3000";
    private static final String AUTHORIZED = "Authorization: Bearer " + TOKEN + "\r\n";

    /** What needs no token: the page, which asks for it, and the probes. Everything else does. */
    private static final Set<String> OPEN = Set.of("/", "/page/*", "/library/*", "/livez", "/readyz");

    private static final List<String> METHODS = List.of(
            "GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "PRI", "M-SEARCH");

    private static final ExecutorService CLIENTS = Executors.newFixedThreadPool(32);

    private static ServerUnderTest run;

    @BeforeAll
    static void start(@TempDir Path folder) {
        SavedModel.commit(folder);
        run = new ServerUnderTest(
                folder,
                Access.LOCAL
                        .withToken(TOKEN)
                        .withOrigin(ALLOWED)
                        .withHost("lab.example")
                        .withPublicUrl("https://perdure.example/behind/"));
        run.published.set(TrainingStatus.idle(1, 2)); // While nothing computes, the budgets let nobody wait.
    }

    @AfterAll
    static void stop() {
        CLIENTS.shutdown();
        run.close();
    }

    @AfterEach
    void nothingHappened() throws Exception {
        assertEquals(0, run.stops.get(), "no fault stops training");
        assertEquals(200, run.get("/livez").statusCode());
    }

    /** What is wrong, which decides where it may get through. */
    private enum Kind {
        TOKEN,
        HOST,
        ORIGIN,
        QUERY,
        BODY,
        PATH,
        FRAMING;

        /** A request to stop has neither parameters nor a body, and what it has of them is not read. */
        boolean isNothingToStop() {
            return this == QUERY || this == BODY;
        }
    }

    /**
     * A request that is wrong in one way.
     *
     * @param alter makes it of a right one
     * @param expected of the status of its answer, where the route has the method; a connection that is closed without an
     *     answer counts as 400
     */
    private record Fault(Kind kind, String name, UnaryOperator<Request> alter, IntPredicate expected) {

        @Override
        public String toString() {
            return name;
        }
    }

    /** @param path in the routing table, so {@code *} for anything */
    private record Request(String path, String method, String target, String version, String headers, String body) {

        Request target(String other) {
            return new Request(path, method, other, version, headers, body);
        }

        Request header(String name, String value) {
            String kept = headers.lines()
                    .filter(line -> !line.startsWith(name + ":"))
                    .map(line -> line + "\r\n")
                    .collect(Collectors.joining());
            return new Request(
                    path, method, target, version, kept + (value == null ? "" : name + ": " + value + "\r\n"), body);
        }

        Request lines(String more) {
            return new Request(path, method, target, version, headers + more, body);
        }

        /** With its length. */
        Request body(String content) {
            return new Request(path, method, target, version, headers, content)
                    .header("Content-Length", String.valueOf(content.length()));
        }

        /** After its headers, whatever they say. */
        Request followedBy(String bytes) {
            return new Request(path, method, target, version, headers, bytes);
        }

        byte[] bytes() {
            return (method + " " + target + " HTTP/" + version + "\r\n" + headers + "\r\n" + body).getBytes(ISO_8859_1);
        }
    }

    private static Fault fault(Kind kind, String name, UnaryOperator<Request> alter, IntPredicate expected) {
        return new Fault(kind, name, alter, expected);
    }

    private static IntPredicate is(Integer... statuses) {
        return status -> Arrays.asList(statuses).contains(status);
    }

    /** Answered somehow, but neither by a failure of the server nor by what stops training (409: nothing trains). */
    private static boolean harmless(int status) {
        return status < 500 && status != 202 && status != 409;
    }

    private static String deep(int levels, String open, String close) {
        return open.repeat(levels) + "1" + close.repeat(levels);
    }

    static Stream<Fault> faults() {
        List<Fault> faults = new ArrayList<>();
        for (String header : List.of(
                "",
                "Bearer",
                "Bearer ",
                "Bearer s3cre",
                "Bearer s3crets",
                "Bearer S3CRET",
                "Basic s3cret",
                TOKEN,
                "Bearer " + TOKEN + ", Bearer x",
                "Bearer x\r\nAuthorization: Bearer " + TOKEN)) {
            faults.add(fault(
                    Kind.TOKEN,
                    "authorization <" + header + ">",
                    request -> request.header("Authorization", header),
                    is(401)));
        }
        faults.add(fault(Kind.TOKEN, "no authorization", request -> request.header("Authorization", null), is(401)));
        faults.add(fault(
                Kind.TOKEN,
                "the token elsewhere",
                request -> request.header("Authorization", null)
                        .target(request.target() + "?token=" + TOKEN + "&api_key=" + TOKEN + "&access_token=" + TOKEN)
                        .lines("X-Api-Key: " + TOKEN + "\r\nCookie: token=" + TOKEN + "\r\nProxy-" + AUTHORIZED),
                is(401)));

        for (String host : List.of(
                "evil.example",
                "",
                ":80",
                "localhost.evil.example",
                "lab.example.evil.example",
                "127.0.0.1@evil.example",
                "evil.example:80@localhost",
                "localhost, evil.example",
                "[::2]",
                "0.0.0.0",
                "localhost/",
                "localhost#")) {
            faults.add(fault(Kind.HOST, "host <" + host + ">", request -> request.header("Host", host), is(400, 421)));
        }
        faults.add(fault(Kind.HOST, "no host", request -> request.header("Host", null), is(400)));
        faults.add(fault(Kind.HOST, "two hosts", request -> request.lines("Host: evil.example\r\n"), is(400)));
        faults.add(fault(
                Kind.HOST,
                "a forwarded host",
                request -> request.header("Host", "evil.example")
                        .lines("X-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\nX-Host: localhost\r\n"),
                is(421)));

        for (String origin : List.of(
                "http://evil.example",
                "null",
                "",
                "http://localhost:3001",
                "https://perdure.example.evil.example",
                "http://perdure.example",
                "http://lab.example.evil.example",
                ALLOWED + "/",
                ALLOWED + ", " + ALLOWED)) {
            faults.add(fault(
                    Kind.ORIGIN,
                    "origin <" + origin + ">",
                    request -> request.header("Origin", origin),
                    status -> status == 403));
        }
        faults.add(fault(
                Kind.ORIGIN,
                "two origins",
                request -> request.lines("Origin: " + ALLOWED + "\r\nOrigin: http://evil.example\r\n"),
                is(403)));

        for (String number : List.of(
                "-1",
                "0",
                "1e999",
                "NaN",
                "99999999999999999999",
                "9".repeat(2_000),
                "0x10",
                "%D9%A3",
                "1.5",
                "",
                "1&points=2")) {
            faults.add(fault(
                    Kind.QUERY,
                    "number <" + (number.length() > 40 ? "long" : number) + ">",
                    request -> request.target(
                                    request.target() + "?points=" + number + "&since=" + number + "&limit=" + number)
                            .header("Last-Event-ID", number),
                    EveryRouteTest::harmless));
        }
        faults.add(fault(
                Kind.QUERY,
                "many parameters",
                request -> request.target(request.target() + "?" + "a=b&".repeat(1_000)),
                EveryRouteTest::harmless));

        String messages =
                "{\"model\":\"perdure\",\"input\":\"x\",\"prompt\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],";
        for (String body : List.of(
                deep(20_000, "[", "]"),
                deep(20_000, "{\"a\":", "}"),
                messages + "\"tools\":" + deep(3_000, "[", "]") + "}",
                messages + "\"metadata\":" + deep(990, "{\"a\":", "}") + ",\"frobnicate\":1}",
                messages + "\"seed\":" + "9".repeat(5_000) + "}",
                messages + "\"seed\":1e1000000000}",
                messages + "\"temperature\":1e1000000000}",
                messages + "\"max_tokens\":99999999999999999999}",
                messages + "\"repetition_penalty\":1e-300,\"temperature\":-1}",
                "{\"" + "k".repeat(200_000) + "\":1}",
                "{" + "\"k\":1,".repeat(20_000) + "\"k\":1}",
                "[" + "1,".repeat(400_000) + "1]",
                "\u0000\u0001\u00ff\u00fe",
                "")) {
            faults.add(fault(
                    Kind.BODY,
                    "body <" + (body.length() > 100 ? body.substring(0, 30) + "… " + body.length() : body) + ">",
                    request -> request.body(body),
                    status -> harmless(status) && (status < 200 || status > 299)));
        }

        faults.add(fault(
                Kind.FRAMING, "a length of 3 GB", request -> request.header("Content-Length", "3000000000"), is(413)));
        faults.add(fault(
                Kind.FRAMING,
                "a length beyond numbers",
                request -> request.header("Content-Length", "99999999999999999999"),
                is(400)));
        faults.add(
                fault(Kind.FRAMING, "a negative length", request -> request.header("Content-Length", "-5"), is(400)));
        faults.add(fault(
                Kind.BODY,
                "chunks beyond the limit",
                request -> request.header("Content-Length", null)
                        .lines("Transfer-Encoding: chunked\r\n")
                        .followedBy("40000\r\n" + "x".repeat(0x40000) + "\r\n" + "f0000\r\n" + "x".repeat(0xf0000)
                                + "\r\n0\r\n\r\n"),
                status -> harmless(status) && status >= 400));
        faults.add(fault(
                Kind.BODY,
                "a chunk beyond numbers",
                request -> request.header("Content-Length", null)
                        .lines("Transfer-Encoding: chunked\r\n")
                        .followedBy("fffffffffffffffffffff\r\nx\r\n0\r\n\r\n"),
                status -> harmless(status) && status >= 400));

        for (UnaryOperator<String> path : List.<UnaryOperator<String>>of(
                path -> path + "%00",
                path -> path + "%2e%2e",
                path -> "/%2e%2e" + path,
                path -> "/.." + path,
                path -> "/x/.." + path,
                path -> path + "/../../etc/passwd",
                path -> "/..%2f" + path.substring(1),
                path -> path.replace("/", "%2F"),
                path -> path.replace("/", "\\"),
                path -> path + "%c0%ae%c0%ae/x",
                path -> path + "%zz",
                path -> path + "%",
                path -> path + "%e2%80%ae",
                path -> path + ".",
                path -> path + "%20",
                path -> "/web" + path,
                path -> "/behind/behind" + path,
                path -> path + "/x/y/z",
                path -> path + "x".repeat(9_000))) {
            faults.add(fault(
                    Kind.PATH,
                    "path <"
                            + path.apply("/path")
                                    .substring(
                                            0, Math.min(40, path.apply("/path").length())) + ">",
                    request -> request.target(path.apply(request.target())),
                    status -> harmless(status)));
        }

        for (String framing : List.of(
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                "Transfer-Encoding: xchunked\r\n",
                "Transfer-Encoding: identity\r\n",
                "Transfer-Encoding: chunked, identity\r\n",
                "Transfer-Encoding: gzip, chunked\r\n",
                "Transfer-Encoding: \u000bchunked\r\n",
                "Transfer-Encoding : chunked\r\n",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                "Content-Length: 5\r\nContent-Length: 6\r\n",
                "Content-Length: 5, 6\r\n",
                "Content-Length: +5\r\n",
                "Content-Length: 0x5\r\n",
                "Content-Length : 5\r\n",
                "Content-Length: 5 5\r\n")) {
            faults.add(fault(
                    Kind.FRAMING,
                    "framing <" + framing.strip().replaceAll("\\s+", " ") + ">",
                    request -> request.header("Content-Length", null)
                            .header("Connection", "keep-alive")
                            .lines(framing)
                            .followedBy("0\r\n\r\nPOST /training/stop HTTP/1.1\r\nHost: localhost\r\n" + AUTHORIZED
                                    + "\r\n"),
                    is(400)));
        }

        for (String authority :
                List.of("http://evil.example", "https://evil.example:443", "http://localhost@evil.example")) {
            faults.add(fault(
                    Kind.HOST,
                    "absolute form of " + authority,
                    request -> request.target(authority + request.target()),
                    is(400, 404, 421)));
        }
        faults.add(fault(Kind.FRAMING, "70 headers", request -> request.lines("X: 1\r\n".repeat(70)), is(400)));
        faults.add(fault(
                Kind.FRAMING,
                "a header of 20,000",
                request -> request.lines("Cookie: " + "a".repeat(20_000) + "\r\n"),
                is(400)));
        faults.add(fault(Kind.FRAMING, "a header's NUL", request -> request.lines("X: a\u0000b\r\n"), is(400)));
        faults.add(fault(Kind.FRAMING, "a header without a colon", request -> request.lines("nonsense\r\n"), is(400)));
        faults.add(fault(
                Kind.FRAMING,
                "a header's bare line feed",
                request -> request.lines("X: a\nY: b\r\n"),
                status -> status < 500));
        return faults.stream();
    }

    @ParameterizedTest
    @MethodSource("faults")
    void noFaultGetsThrough(Fault fault) throws Exception {
        List<Callable<String>> attempts = new ArrayList<>();
        for (Route route : run.server.routes()) {
            for (String method : METHODS) {
                boolean stops = method.equals("POST") && route.path().equals("/training/stop");
                if (!stops || !fault.kind().isNothingToStop()) {
                    attempts.add(() -> wrong(fault, route, method));
                }
            }
        }
        for (Future<String> attempt : CLIENTS.invokeAll(attempts)) {
            assertEquals("", attempt.get());
        }
    }

    /** What is wrong with the answer, or nothing. */
    private static String wrong(Fault fault, Route route, String method) throws IOException {
        HttpReply reply = send(fault.alter().apply(right(route, method)));
        int status = reply == null ? 400 : reply.status();
        boolean refused = !route.accepts(new HttpString(method))
                || !concerns(fault.kind(), route, method)
                || fault.expected().test(status);
        boolean kept =
                fault.kind() != Kind.ORIGIN || reply == null || reply.header("Access-Control-Allow-Origin") == null;
        return harmless(status) && refused && kept && hasShape(reply, method)
                ? ""
                : route.path() + " " + method + " " + fault + ": " + (reply == null ? "closed" : reply);
    }

    /** Whether a route that has the method must refuse this kind of fault. */
    private static boolean concerns(Kind kind, Route route, String method) {
        return switch (kind) {
            case TOKEN -> !OPEN.contains(route.path());
            case ORIGIN -> method.equals("POST");
            case BODY -> method.equals("POST") && route.path().startsWith("/v1/");
            case HOST, QUERY, PATH, FRAMING -> true;
        };
    }

    /** The same requests without a fault, so that it is the fault that is refused. */
    @ParameterizedTest
    @MethodSource("methods")
    void everyMethodIsAnsweredOrNamed(String method) throws Exception {
        for (Route route : run.server.routes()) {
            if (route.path().equals("/training/stop") && method.equals("POST")) {
                continue;
            }
            Request request = right(route, method);
            HttpReply reply = send(request);
            String told = route.path() + " " + method + ": " + (reply == null ? "closed" : reply);
            if (method.equals("CONNECT") || method.equals("PRI")) {
                assertTrue(reply == null || reply.status() >= 400 && reply.status() < 500, told);
            } else if (method.equals("OPTIONS")) {
                assertEquals(204, reply.status(), told);
                assertTrue(reply.header("Allow").contains(route.method().toString()), told);
            } else if (route.methods().anyMatch(known -> known.toString().equals(method))) {
                assertTrue(reply.status() == 200 || route.path().endsWith("*") && reply.status() == 404, told);
            } else {
                assertEquals(405, reply.status(), told);
                assertTrue(reply.header("Allow").contains(route.method().toString()), told);
            }
        }
    }

    static List<String> methods() {
        return METHODS;
    }

    /** One that the route answers, if it has the method. */
    private static Request right(Route route, String method) {
        String target = route.path().replace("/*", "/app.js");
        String body =
                "{\"model\":\"perdure\",\"max_tokens\":1,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
        if (route.path().equals("/v1/completions")) {
            body = "{\"model\":\"perdure\",\"max_tokens\":1,\"prompt\":\"Hi\"}";
        } else if (route.path().equals("/v1/responses")) {
            body = "{\"model\":\"perdure\",\"max_output_tokens\":1,\"input\":\"Hi\"}";
        }
        Request bare = new Request(
                route.path(), method, target, "1.1", "Host: localhost\r\n" + AUTHORIZED + "Connection: close\r\n", "");
        return method.equals("POST") ? bare.body(body) : bare;
    }

    /** Null if the connection was closed or reset without an answer. */
    private static HttpReply send(Request request) throws IOException {
        try (Socket socket = run.connect()) {
            try {
                socket.getOutputStream().write(request.bytes());
            } catch (IOException refused) {
                // It did not read all of it; the answer may be there nevertheless.
            }
            return HttpReply.read(socket.getInputStream(), request.method().equals("HEAD"));
        } catch (SocketException reset) {
            return null;
        }
    }

    /** An error has OpenAI's form; what is no HTTP has no body. */
    private static boolean hasShape(HttpReply reply, String method) {
        if (reply == null
                || reply.status() < 400
                || method.equals("HEAD")
                || "0".equals(reply.header("Content-Length"))) {
            return true;
        }
        JsonNode error = JsonMapper.shared().readTree(reply.body()).path("error");
        return Set.copyOf(error.propertyNames()).equals(Set.of("message", "type", "param", "code"))
                && error.get("message").asString().length() > 5;
    }
}
