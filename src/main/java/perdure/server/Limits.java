package perdure.server;

import java.time.Duration;

/**
 * Limits of what one client, and all clients together, may use.
 *
 * @param headers time from the first byte of a request to the end of its headers
 * @param body time from the end of the headers to the end of the body, however steadily it arrives
 * @param idle time between requests on an open connection, and before the first
 * @param stalled time in which an answer makes no progress
 * @param connections open at once; one more closes another, by {@link Connections}
 * @param bodyBytes largest body of a request
 * @param eventClients clients that listen to the event stream at once
 * @param eventsBehind events that a listener may leave unread before it is disconnected
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
