package perdure.server;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import perdure.server.openai.Spelling;

/** Guesses which path a client meant that asked for one that is not served. */
final class PathHint {

    /** Longer paths are nobody's slip, and the distance takes their length times the length of a served path. */
    private static final int LONGEST = 80;

    private static final String API = "/v1";

    private final List<String> served;

    /** @param served the paths of the routing table; those with a wildcard are never named */
    PathHint(List<String> served) {
        this.served = served.stream()
                .filter(path -> !path.contains("*") && path.length() > 1)
                .distinct()
                .toList();
    }

    /** A sentence that begins with a space, or nothing if no path is near. */
    String of(String path) {
        String asked = path.toLowerCase(Locale.ROOT);
        if (asked.length() > LONGEST || asked.length() < 3) {
            return "";
        }
        // A client's base URL that lacks /v1 or has it twice, or more in front of it or in its place.
        return served.stream()
                .filter(candidate -> tail(candidate).endsWith(asked) || asked.endsWith(tail(candidate)))
                .min(Comparator.comparingInt(
                        candidate -> Math.abs(tail(candidate).length() - asked.length())))
                .or(() -> served.stream()
                        .filter(candidate -> Spelling.distance(asked, candidate) <= Math.max(2, candidate.length() / 5))
                        .min(Comparator.comparingInt(candidate -> Spelling.distance(asked, candidate))))
                .map(near -> " Did you mean " + near + "?")
                .orElse("");
    }

    private static String tail(String path) {
        return path.startsWith(API) ? path.substring(API.length()) : path;
    }
}
