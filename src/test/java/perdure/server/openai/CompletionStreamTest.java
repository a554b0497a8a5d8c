package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static perdure.server.ServerUnderTest.until;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import perdure.chat.ChatAnswer;
import perdure.chat.ChatRequest;
import perdure.server.LoggedWarnings;
import perdure.server.SavedModel;
import perdure.server.ServerTest;

/** How an answer begins, waits, ends, and is given up. */
@Timeout(600)
class CompletionStreamTest extends ServerTest {

    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "\"model\":\"perdure\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";
    /** An answer that takes long: no client of a test waits for its end. */
    private static final String LONG = "{" + HELLO + ",\"max_tokens\":16000,\"stream\":true}";

    @Test
    void answers429WhenTheQueueIsFull() throws Exception {
        SavedModel.commitSlow(folder, 3);
        try (Stream answered = open(LONG);
                Stream waiting = open(LONG)) {
            answered.awaitText();
            HttpResponse<String> refused = run.answer(CHAT, LONG);
            for (int attempt = 0; attempt < 100 && refused.statusCode() == 200; attempt++) {
                refused = run.answer(CHAT, LONG);
            }
            assertEquals(429, refused.statusCode(), refused.body());
            assertTrue(refused.headers().firstValue("Retry-After").isPresent());
            assertTrue(refused.body().contains("rate_limit_error"), refused.body());
            assertFalse(waiting.hasText());
        }
    }

    @Test
    void aClientThatGoesAwayEndsItsAnswerWaitingOrStreamedOrNot() throws Exception {
        SavedModel.commitSlow(folder, 3);
        try (Stream answered = open(LONG)) {
            answered.awaitText();
            open(LONG).close();
            awaitCancelled(1);
        }
        awaitCancelled(2);
        open(LONG.replace(",\"stream\":true", "")).close();
        awaitCancelled(3);
        // One generation thread: this is answered only if the answers before it have ended.
        assertEquals(200, run.answer(CHAT, "{" + HELLO + ",\"max_tokens\":1}").statusCode());
        String metrics = run.get("/metrics").body();
        assertTrue(metrics.contains("perdure_chat_requests_total{outcome=\"answered\"} 1.0"), metrics);
        assertTrue(metrics.contains("perdure_chat_first_token_seconds_count 1"), metrics);
    }

    /** In less time than an answer takes. */
    private void awaitCancelled(int count) throws Exception {
        awaitCount("cancelled", count);
    }

    private void awaitCount(String outcome, int count) throws Exception {
        String line = "perdure_chat_requests_total{outcome=\"" + outcome + "\"} " + count + ".0\n";
        String metrics = run.get("/metrics").body();
        for (int attempt = 0; attempt < 3_000 && !metrics.contains(line); attempt++) {
            Thread.sleep(20);
            metrics = run.get("/metrics").body();
        }
        assertTrue(metrics.contains(line), metrics);
    }

    @Test
    void anAnswerUnderWayIsToldThatTheServerStopsAndNothingIsLogged() throws Exception {
        SavedModel.commitSlow(folder, 3);
        try (LoggedWarnings warnings = new LoggedWarnings();
                Stream answered = open(LONG);
                Stream waiting = open(LONG)) {
            answered.awaitText();
            run.endPatiently();
            String end = answered.rest();
            assertTrue(end.contains("\"message\":\"The server is stopping.\""), end);
            assertTrue(end.contains("data: [DONE]"), end);
            assertTrue(waiting.rest().startsWith("HTTP/1.1 503 "));
            assertEquals(List.of(), warnings.messages());
        }
    }

    @Test
    void anAnswerThatComesAfterTheServerIsGoneEndsInSilence() throws Exception {
        SavedModel.commitSlow(folder, 3);
        CountDownLatch held = new CountDownLatch(1);
        ChatRequest request = ChatRequest.completion("Hello").maximumTokens(1).build();
        CompletableFuture<ChatAnswer> holding = run.chat.submit(request, piece -> await(held));
        try (LoggedWarnings warnings = new LoggedWarnings();
                Stream one = open(LONG);
                Stream other = open(LONG)) {
            awaitCount("refused", 1); // One waits, and there is no room for the other: both have arrived.
            run.server.close();
            held.countDown();
            holding.join();
            run.chat.close();
            String said = one.rest() + other.rest();
            assertTrue(said.startsWith("HTTP/1.1 429 "), said);
            assertEquals(1, said.split("HTTP/1.1", -1).length - 1, said);
            assertEquals(List.of(), warnings.messages());
        }
    }

    /** A proxy would cut a connection on which nothing comes; the answer before this one takes as long as it likes. */
    @Test
    void aStreamThatWaitsForLongBeginsBeforeItsTurn() throws Exception {
        SavedModel.commitSlow(folder, 3);
        CountDownLatch held = new CountDownLatch(1);
        ChatRequest request = ChatRequest.completion("Hello").maximumTokens(1).build();
        CompletableFuture<ChatAnswer> holding = run.chat.submit(request, piece -> await(held));
        try (Stream waiting = open(LONG)) {
            until(waiting.socket, "\"role\":\"assistant\"");
            assertFalse(holding.isDone());
            held.countDown();
            until(waiting.socket, "\"delta\":{\"content\":\"");
        } finally {
            held.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    @Test
    void keepsAConnectionForTheNextRequest() throws Exception {
        SavedModel.commitSlow(folder, 3);
        String body = "{" + HELLO + ",\"max_tokens\":3}";
        String request = "POST " + CHAT + " HTTP/1.1\r\nHost: 127.0.0.1:" + run.server.port() + "\r\nContent-Length: "
                + body.length() + "\r\n";
        // The second request is sent before the first is answered, the third afterwards.
        try (Socket socket = run.connect()) {
            socket.getOutputStream()
                    .write((request + "\r\n" + body + request + "\r\n" + body).getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            until(socket, "\"total_tokens\"");
            until(socket, "\"total_tokens\"");
            socket.getOutputStream()
                    .write((request + "Connection: close\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
            assertTrue(new String(in.readAllBytes(), StandardCharsets.UTF_8).contains("\"total_tokens\""));
        }
    }

    private Stream open(String body) throws Exception {
        return new Stream(run.connect(), body);
    }

    /** A client with the connection in its own hands. */
    private final class Stream implements AutoCloseable {

        private final Socket socket;

        Stream(Socket socket, String body) throws Exception {
            this.socket = socket;
            String head = "POST " + CHAT + " HTTP/1.1\r\nHost: 127.0.0.1:" + run.server.port() + "\r\nContent-Length: "
                    + body.length() + "\r\n\r\n";
            socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
        }

        void awaitText() throws Exception {
            until(socket, "\"content\":\"");
        }

        /** All that comes until the server closes; a connection that is cut ends as well. */
        String rest() throws Exception {
            StringBuilder rest = new StringBuilder();
            try {
                for (int next = socket.getInputStream().read();
                        next >= 0;
                        next = socket.getInputStream().read()) {
                    rest.append((char) next);
                }
            } catch (SocketTimeoutException open) {
                throw open;
            } catch (IOException cut) {
                // as good as an end
            }
            return rest.toString();
        }

        /** Of what has come so far; a stream that waits for long begins without any. */
        boolean hasText() throws Exception {
            InputStream in = socket.getInputStream();
            return new String(in.readNBytes(in.available()), StandardCharsets.UTF_8).contains("\"content\":\"");
        }

        @Override
        public void close() throws Exception {
            socket.close();
        }
    }
}
