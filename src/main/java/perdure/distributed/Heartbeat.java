package perdure.distributed;

import java.nio.charset.StandardCharsets;

/**
 * What a rank says of itself once per second.
 *
 * @param number of the heartbeat: the next one differs
 * @param step that it has finished
 * @param waited seconds for others, in all
 */
record Heartbeat(long number, long step, double waited, String host) {

    String text() {
        return number + " " + step + " " + Math.round(waited * 1e3) / 1e3 + " " + host;
    }

    static Heartbeat of(byte[] text) {
        String[] parts = new String(text, StandardCharsets.UTF_8).split(" ", 4);
        return new Heartbeat(
                Long.parseLong(parts[0]), Long.parseLong(parts[1]), Double.parseDouble(parts[2]), parts[3]);
    }
}
