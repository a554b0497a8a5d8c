package perdure.server;

import java.time.Duration;

/**
 * What one client, and all clients together, may cost the trainer.
 *
 * @param headers from a request's first byte to the end of its headers
 * @param body from the end of the headers to the end of the body, however steadily it drips
 * @param idle between requests on a kept connection, and before the first
 * @param stalled while an answer is under way and no byte moves
 * @param connections open at once; more wait to be accepted
 * @param bodyBytes of one request
 * @param eventClients listening to the event stream at once
 * @param eventsBehind events a listener may leave unread before it is dropped
 */
public record Limits(
        Duration headers,
        Duration body,
        Duration idle,
        Duration stalled,
        int connections,
        long bodyBytes,
        int eventClients,
        int eventsBehind) {

    public static Limits standard() {
        return new Limits(
                Duration.ofSeconds(10),
                Duration.ofSeconds(20),
                Duration.ofSeconds(30),
                Duration.ofMinutes(5),
                256,
                1 << 20,
                32,
                64);
    }
}
