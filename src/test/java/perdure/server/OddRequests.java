package perdure.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.SplittableRandom;

/** Odd requests, each a function of a seed and a number, so that any of them can be made again. */
final class OddRequests {

    private static final List<String> METHODS =
            List.of("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "get", "X");
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "\"\"",
            "\"x\"",
            "[]",
            "{}",
            "0",
            "-1",
            "1.0",
            "1e-300",
            "1e300",
            "1e999",
            "-0.0",
            "NaN",
            "5",
            "9223372036854775807",
            "99999999999999999999",
            "1e1000000000",
            "[[[[[[[[[]]]]]]]]]",
            "{\"a\":{\"a\":{\"a\":1}}}",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "\"<|im_end|>\"",
            "[null]",
            "[\"\",\"a\"]",
            "{\"type\":\"json_object\"}",
            "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":{\"type\":\"object\"}}}",
            "[{\"role\":\"user\",\"content\":\"x\"}]",
            "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}]",
            "[{\"role\":\"tool\",\"content\":null}]",
            "[{}]",
            "\"auto\"",
            "\"disabled\"",
            "{\"include_usage\":true}");
    private static final List<String> FIELDS = List.of(
            "model",
            "messages",
            "prompt",
            "input",
            "instructions",
            "stream",
            "stream_options",
            "max_tokens",
            "n",
            "max_completion_tokens",
            "max_output_tokens",
            "temperature",
            "top_p",
            "top_k",
            "seed",
            "stop",
            "logprobs",
            "top_logprobs",
            "presence_penalty",
            "frequency_penalty",
            "repetition_penalty",
            "logit_bias",
            "response_format",
            "text",
            "tools",
            "tool_choice",
            "functions",
            "truncation",
            "metadata",
            "user",
            "store",
            "echo",
            "suffix",
            "best_of",
            "reasoning_effort",
            "frobnicate",
            "");
    private static final List<String> HEADERS = List.of(
            "Authorization: Bearer x",
            "Authorization: bearer",
            "Origin: null",
            "Origin: http://evil.example",
            "Origin: http://localhost",
            "Expect: 100-continue",
            "Expect: nothing",
            "Range: bytes=0-1",
            "If-None-Match: *",
            "If-None-Match: W/\"x\", \"",
            "Last-Event-ID: 9-9",
            "Last-Event-ID: \u00ff",
            "Accept-Encoding: br;q=0",
            "Content-Encoding: gzip",
            "Content-Type: text/plain",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "TE: trailers",
            "Cookie: a=b; c",
            "X: \u0001",
            "X:",
            ":",
            "nonsense",
            " folded",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip",
            "Content-Length: 1",
            "Content-Length: x",
            "Host: evil.example",
            "Access-Control-Request-Method: POST",
            "X-Forwarded-For: 1",
            "Forwarded: for=x;;",
            "Sec-Fetch-Site: cross-site");
    private static final List<String> PATHS = List.of(
            "/",
            "//",
            "*",
            "/../x",
            "/%00",
            "/%2e%2e/x",
            "/%zz",
            "/%",
            "/\u00e9",
            "/v1",
            "/v1/v1/models",
            "/x?y",
            "?",
            "#",
            "http://localhost/livez",
            "http://evil.example/",
            "/livez;x=1",
            "/behind/livez",
            "/behind");
    private static final List<String> QUERIES = List.of(
            "?points=2",
            "?points=-1",
            "?points=99999999999",
            "?points=",
            "?points",
            "?since=0",
            "?since=-9",
            "?since=1e9",
            "?since=9223372036854775808",
            "?a=b&a=b",
            "?%00",
            "?%zz=%",
            "?&&&===",
            "?points=2&points=3",
            "?since=x&points=\u00ff");

    private final List<Route> routes;
    private final long seed;

    OddRequests(List<Route> routes, long seed) {
        this.routes = routes;
        this.seed = seed;
    }

    record OddRequest(byte[] bytes, boolean isHead) {

        @Override
        public String toString() {
            String text = new String(bytes, ISO_8859_1);
            return text.length() > 2_000 ? text.substring(0, 2_000) + "… " + text.length() + " bytes" : text;
        }
    }

    OddRequest request(long number) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
        String method = random.nextInt(3) > 0 ? METHODS.get(random.nextInt(2)) : oneOf(random, METHODS);
        byte[] body = method.equals("POST") || random.nextInt(20) == 0 ? body(random) : new byte[0];
        StringBuilder head = new StringBuilder(method + " " + target(random) + " HTTP/" + version(random) + "\r\n");
        if (random.nextInt(50) > 0) {
            head.append("Host: localhost\r\n");
        }
        for (int i = random.nextInt(8) == 0 ? 1 + random.nextInt(4) : 0; i > 0; i--) {
            head.append(oneOf(random, HEADERS)).append("\r\n");
        }
        boolean chunked = body.length > 0 && random.nextInt(5) == 0;
        if (chunked) {
            head.append("Transfer-Encoding: chunked\r\n");
            body = chunks(random, body);
        } else if (body.length > 0 && random.nextInt(100) > 0) {
            head.append("Content-Length: ")
                    .append(body.length + (random.nextInt(100) == 0 ? 1 : 0))
                    .append("\r\n");
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.append("\r\n").toString().getBytes(ISO_8859_1));
        request.writeBytes(body);
        byte[] bytes = request.toByteArray();
        if (random.nextInt(25) == 0) {
            damage(random, bytes);
        }
        return new OddRequest(bytes, method.equals("HEAD"));
    }

    private static String oneOf(SplittableRandom random, List<String> list) {
        return list.get(random.nextInt(list.size()));
    }

    private String target(SplittableRandom random) {
        String path = random.nextInt(8) == 0
                ? oneOf(random, PATHS)
                : routes.get(random.nextInt(routes.size()))
                        .path()
                        .replace("/*", random.nextBoolean() ? "/perdure" : "/app.js");
        StringBuilder target = new StringBuilder(path);
        if (random.nextInt(12) == 0) {
            target.insert(random.nextInt(target.length() + 1), (char) (33 + random.nextInt(94)));
        }
        return random.nextInt(4) == 0 ? target + oneOf(random, QUERIES) : target.toString();
    }

    private static String version(SplittableRandom random) {
        return switch (random.nextInt(40)) {
            case 0 -> "1.0";
            case 1 -> "2.0";
            case 2 -> "9";
            default -> "1.1";
        };
    }

    /** An object of a request with some of its fields changed, and a few bodies that are no JSON. */
    private static byte[] body(SplittableRandom random) {
        StringBuilder json = new StringBuilder("{\"model\":\"perdure\",\"max_tokens\":2,");
        json.append(
                switch (random.nextInt(4)) {
                    case 0 -> "\"prompt\":\"x\"";
                    case 1 -> "\"input\":\"x\"";
                    default -> "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";
                });
        for (int i = random.nextInt(4); i > 0; i--) {
            json.append(",\"").append(oneOf(random, FIELDS)).append("\":").append(oneOf(random, VALUES));
        }
        json.append('}');
        if (random.nextInt(200) == 0) {
            int depth = 1 << random.nextInt(15);
            return ("{\"tools\":" + "[".repeat(depth) + "]".repeat(depth) + "}").getBytes(UTF_8);
        }
        if (random.nextInt(10) == 0) {
            json.setLength(random.nextInt(json.length()));
        }
        byte[] body = json.toString().getBytes(UTF_8);
        if (random.nextInt(10) == 0) {
            damage(random, body);
        }
        return body;
    }

    private static byte[] chunks(SplittableRandom random, byte[] body) {
        ByteArrayOutputStream chunks = new ByteArrayOutputStream();
        int cut = random.nextInt(body.length + 1);
        for (int[] part : new int[][] {{0, cut}, {cut, body.length - cut}}) {
            if (part[1] > 0) {
                chunks.writeBytes((Integer.toHexString(part[1]) + (random.nextInt(9) == 0 ? ";a=b" : "") + "\r\n")
                        .getBytes(UTF_8));
                chunks.write(body, part[0], part[1]);
                chunks.writeBytes("\r\n".getBytes(UTF_8));
            }
        }
        chunks.writeBytes((random.nextInt(30) == 0 ? "0\r\nX: y\r\n\r\n" : "0\r\n\r\n").getBytes(UTF_8));
        return chunks.toByteArray();
    }

    private static void damage(SplittableRandom random, byte[] bytes) {
        for (int i = bytes.length == 0 ? 0 : 1 + random.nextInt(3); i > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
    }
}
