package perdure.chat;

import java.util.List;

/**
 * Watches a streamed text for stop strings, and holds back only what may still become one. The text ends where the stop
 * string that is complete first begins; if several are complete at once, the longest counts. How the text is split into
 * pieces does not matter.
 */
public final class StopStrings {
    /** As many as OpenAI's protocol allows. */
    public static final int MOST = 4;

    private final List<String> stops;
    /** The longest end of the text that is the beginning of a stop string. */
    private String held = "";

    private boolean found;

    /** @throws IllegalArgumentException if there are more than four, or one is empty */
    public StopStrings(List<String> stops) {
        this.stops = checked(stops);
    }

    static List<String> checked(List<String> stops) {
        if (stops.size() > MOST) {
            throw new IllegalArgumentException(
                    "stop has " + stops.size() + " strings; at most " + MOST + " are allowed.");
        }
        if (stops.stream().anyMatch(stop -> stop == null || stop.isEmpty())) {
            throw new IllegalArgumentException("stop holds an empty string.");
        }
        return List.copyOf(stops);
    }

    /** The part of the text that can be shown now; nothing more once a stop string was found. */
    public String add(String text) {
        StringBuilder released = new StringBuilder();
        for (int i = 0; i < text.length() && !found; i++) {
            held += text.charAt(i);
            int length = longestStopAtEnd();
            found = length > 0;
            int kept = found ? length : longestBeginningAtEnd();
            released.append(held, 0, held.length() - kept);
            held = held.substring(held.length() - kept);
        }
        return released.toString();
    }

    /** Whether a stop string was found. */
    public boolean found() {
        return found;
    }

    /** The text that was held back, when the text ends; empty if a stop string was found. */
    public String end() {
        return found ? "" : held;
    }

    private int longestStopAtEnd() {
        int longest = 0;
        for (String stop : stops) {
            if (stop.length() > longest && held.endsWith(stop)) {
                longest = stop.length();
            }
        }
        return longest;
    }

    private int longestBeginningAtEnd() {
        for (int from = 0; from < held.length(); from++) {
            String end = held.substring(from);
            if (stops.stream().anyMatch(stop -> stop.startsWith(end))) {
                return end.length();
            }
        }
        return 0;
    }
}
