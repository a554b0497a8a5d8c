package perdure.server;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Guesses which path a client meant that asked for one that is not served. */
final class PathHint {

    /** Longer paths are nobody's slip, and the distance takes their length times the length of a served path. */
    private static final int LONGEST = 80;

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
        // A client's base URL that lacks /v1 or has it twice, or more in front of it.
        return served.stream()
                .filter(candidate -> candidate.endsWith(asked) || asked.endsWith(candidate))
                .min(Comparator.comparingInt(candidate -> Math.abs(candidate.length() - asked.length())))
                .or(() -> served.stream()
                        .filter(candidate -> distance(asked, candidate) <= Math.max(2, candidate.length() / 5))
                        .min(Comparator.comparingInt(candidate -> distance(asked, candidate))))
                .map(near -> " Did you mean " + near + "?")
                .orElse("");
    }

    /** The number of characters to insert, delete or replace (Levenshtein). */
    static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
