package perdure.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What one reading of a corpus found that people should know. */
final class Notes {

    /** The keys that are counted, and the keys that are told. */
    private static final int COUNTED = 1_000;

    private static final int TOLD = 12;

    private final Map<String, Long> unused = new TreeMap<>();
    private long documents;
    private long conversations;
    private long unanswered;
    private long zeros;
    private long surrogates;
    private long wrongBytes;
    private long invalid;
    private String firstInvalid;

    /** Counts a document. */
    void document(List<Passage> passages) {
        documents++;
        if (passages.get(0).role() != null) {
            conversations++;
            unanswered += passages.stream().noneMatch(Passage::learned) ? 1 : 0;
        }
    }

    /** Counts a row by the keys in it that are not used. */
    void unused(Set<String> keys) {
        for (String key : keys) {
            unused.merge(unused.size() < COUNTED ? key : "other keys", 1L, Long::sum);
        }
    }

    /** Counts a row that is left out. */
    void invalid(String problem) {
        if (invalid++ == 0) {
            firstInvalid = problem;
        }
    }

    /** Counts bytes that are left out, since they are no text. */
    void wrongBytes(int number) {
        wrongBytes += number;
    }

    /**
     * The text without zero characters, which tools take for an end, and with U+FFFD for each half of a surrogate pair,
     * which has no UTF-8. Both are counted.
     */
    String cleaned(String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            char character = text.charAt(i);
            if (character == 0 || Character.isSurrogate(character)) {
                return cleaned(text, i);
            }
        }
        return text;
    }

    private String cleaned(String text, int from) {
        StringBuilder cleaned = new StringBuilder(text.length()).append(text, 0, from);
        for (int i = from; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character == 0) {
                zeros++;
            } else if (!Character.isSurrogate(character)) {
                cleaned.append(character);
            } else if (Character.charCount(text.codePointAt(i)) == 2) {
                cleaned.append(character).append(text.charAt(++i));
            } else {
                surrogates++;
                cleaned.append('\ufffd');
            }
        }
        return cleaned.toString();
    }

    /** One line each. */
    List<String> lines(DataFiles files) {
        List<String> lines = new ArrayList<>();
        String skipped = files.skipped().isEmpty() ? "" : ", " + files.skipped();
        lines.add(count(files.files().size(), "file") + ", " + count(documents, "document") + skipped + ".");
        lines.addAll(files.duplicates());
        if (!unused.isEmpty()) {
            lines.add("Not used: " + unusedKeys() + ".");
        }
        if (invalid > 0) {
            lines.add("Left out: " + count(invalid, "invalid row") + "; the first: " + firstInvalid);
        }
        if (wrongBytes > 0) {
            lines.add("Left out: " + count(wrongBytes, "byte") + " that the encoding does not have.");
        }
        if (zeros > 0) {
            lines.add("Left out: " + count(zeros, "zero character") + ".");
        }
        if (surrogates > 0) {
            lines.add("Replaced by U+FFFD: " + count(surrogates, "half surrogate pair") + ".");
        }
        if (unanswered > 0) {
            lines.add(String.format(
                    Locale.ROOT, "%,d of %,d conversations have no answer to learn.", unanswered, conversations));
        }
        return List.copyOf(lines);
    }

    private String unusedKeys() {
        String told = unused.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(TOLD)
                .map(key -> (key.getKey().isEmpty() ? "a column without a name" : Quoted.word(key.getKey())) + " in "
                        + count(key.getValue(), "row"))
                .collect(Collectors.joining(", "));
        int more = unused.size() - TOLD;
        return more > 0 ? told + " and " + count(more, "other key") : told;
    }

    /** For example {@code 1 file} and {@code 1,200 files}. */
    static String count(long number, String thing) {
        return String.format(Locale.ROOT, "%,d %s%s", number, thing, number == 1 ? "" : "s");
    }
}
