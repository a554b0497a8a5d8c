package perdure.server.openai;

import java.util.Collection;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Guesses which name a misspelled one was meant to be. */
public final class Spelling {

    /** Longer names are nobody's slip of the keyboard. */
    private static final int MOST_CHARACTERS = 64;

    private Spelling() {}

    /** The known name that a few slips of the keyboard turn into the given one; null if there is none. */
    public static String nearest(String given, Collection<String> known) {
        if (given.length() > MOST_CHARACTERS) {
            return null;
        }
        return known.stream()
                .filter(name -> distance(given, name) <= name.length() / 4)
                .min(Comparator.<String>comparingInt(name -> distance(given, name))
                        .thenComparing(name -> name))
                .orElse(null);
    }

    /** Levenshtein's: how many characters must be inserted, left out or replaced. */
    public static int distance(String one, String other) {
        int[] row = IntStream.rangeClosed(0, other.length()).toArray();
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }
}
