package perdure.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;

/**
 * One response as it came over the wire, read strictly, so that a malformed one is an error.
 *
 * @param head status line and headers
 * @param body empty for a stream that ends with the connection, which is not waited for
 */
record HttpReply(String head, String body) {

    private static final int LONGEST_HEAD = 16_384;

    /**
     * Reads one final response; interim ones are skipped.
     *
     * @return null if the connection was closed before a response began
     */
    static HttpReply read(InputStream in, boolean toHead) throws IOException {
        String head = head(in);
        while (head != null && head.startsWith("HTTP/1.1 1")) {
            head = head(in);
        }
        if (head == null) {
            return null;
        }
        HttpReply reply = new HttpReply(head, "");
        boolean chunked = "chunked".equals(reply.header("Transfer-Encoding"));
        boolean endless = head.contains("text/event-stream") && !chunked;
        if (toHead || endless || reply.status() == 204 || reply.status() == 304) {
            return reply;
        }
        byte[] body;
        if (chunked) {
            body = chunks(in);
        } else if (reply.header("Content-Length") != null) {
            int length = Integer.parseInt(reply.header("Content-Length"));
            body = in.readNBytes(length);
            if (body.length < length) {
                throw new EOFException("The body ends after " + body.length + " of " + length + " bytes.");
            }
        } else {
            body = in.readAllBytes();
        }
        return new HttpReply(head, new String(body, UTF_8));
    }

    int status() {
        return Integer.parseInt(head.substring(9, 12));
    }

    /** The first value, or null. */
    String header(String name) {
        List<String> lines = head.lines().skip(1).toList();
        String start = name.toLowerCase(Locale.ROOT) + ":";
        return lines.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
                .findFirst()
                .map(line -> line.substring(start.length()).strip())
                .orElse(null);
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int ending = 0;
        while (ending < 4) {
            int next = in.read();
            if (next < 0) {
                if (head.size() == 0) {
                    return null;
                }
                throw new EOFException("The head ends after: " + head.toString(ISO_8859_1));
            }
            head.write(next);
            ending = next == "\r\n\r\n".charAt(ending) ? ending + 1 : next == '\r' ? 1 : 0;
            if (head.size() > LONGEST_HEAD) {
                throw new IOException("The head does not end: " + head.toString(ISO_8859_1));
            }
        }
        String text = head.toString(ISO_8859_1);
        if (!text.matches("(?s)HTTP/1\\.[01] [1-5]\\d\\d [^\r\n]*\r\n.*")) {
            throw new IOException("Not a response: " + text);
        }
        return text;
    }

    private static byte[] chunks(InputStream in) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(line(in), 16);
            body.write(in.readNBytes(size));
            String end = line(in);
            if (!end.isEmpty()) {
                throw new IOException("A chunk does not end: " + end);
            }
            if (size == 0) {
                return body.toByteArray();
            }
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("A chunk is cut off.");
            }
            line.append((char) next);
        }
        return line.toString().strip();
    }
}
