package perdure.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import perdure.data.Corpus;

/**
 * The names and sizes of a corpus's files as a text that a checkpoint records, so that a later process can say what is
 * different. Each line has the bytes, a blank and the name. Of many files only the number and the sum are recorded.
 */
final class FileSizes {
    private static final int MOST_FILES = 100;
    private static final int MOST_TOLD = 3;
    private static final String BUNDLED = "the bundled conversations";

    private FileSizes() {}

    static String of(Corpus corpus) {
        Map<String, Long> sizes = corpus.sizes();
        if (sizes.isEmpty()) {
            return BUNDLED;
        }
        long sum = sizes.values().stream().mapToLong(Long::longValue).sum();
        if (sizes.size() > MOST_FILES) {
            return sum + " " + sizes.size() + " files";
        }
        StringBuilder lines = new StringBuilder();
        new TreeMap<>(sizes).forEach((name, size) -> lines.append(size)
                .append(' ')
                .append(name.replaceAll("\\p{Cntrl}", "?"))
                .append('\n'));
        return lines.toString().strip();
    }

    /** For example {@code 2 files of 4,000,100 bytes}. */
    static String summary(String recorded) {
        if (recorded == null) {
            return "another text";
        }
        Map<String, Long> sizes = parse(recorded);
        return sizes.isEmpty() ? recorded : sizes.size() == 1 ? one(sizes) : sum(sizes);
    }

    private static String one(Map<String, Long> sizes) {
        Map.Entry<String, Long> only = sizes.entrySet().iterator().next();
        return only.getKey() + " of " + bytes(only.getValue());
    }

    private static String sum(Map<String, Long> sizes) {
        return sizes.size() + " files of "
                + bytes(sizes.values().stream().mapToLong(Long::longValue).sum());
    }

    /**
     * What is different, as the rest of a sentence about the data.
     *
     * @param before as recorded; null if it was not
     */
    static String difference(String before, String now) {
        if (before == null) {
            return "has other content now";
        }
        if (before.equals(BUNDLED) && now.equals(BUNDLED)) {
            return "is " + BUNDLED + ", which are others in this version";
        }
        Map<String, Long> old = parse(before);
        Map<String, Long> current = parse(now);
        if (old.isEmpty() || current.isEmpty()) {
            return "was " + summary(before) + " and is " + summary(now) + " now";
        }
        List<String> changes = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(old.keySet());
        names.addAll(current.keySet());
        if (old.size() == 1 && current.size() == 1 && names.size() == 2) {
            return "was " + one(old) + " and is " + one(current) + " now";
        }
        for (String name : names) {
            Long was = old.get(name);
            Long is = current.get(name);
            if (was == null) {
                changes.add(name + " of " + bytes(is) + " is new");
            } else if (is == null) {
                changes.add(name + " of " + bytes(was) + " is missing");
            } else if (!was.equals(is)) {
                changes.add(String.format(Locale.ROOT, "%s was %s and is %,d now", name, bytes(was), is));
            }
        }
        if (changes.isEmpty()) {
            return "has the same sizes but other content: " + summary(now);
        }
        int told = Math.min(MOST_TOLD, changes.size());
        return "is different: " + String.join(", ", changes.subList(0, told))
                + (changes.size() == told ? "" : " and " + (changes.size() - told) + " more changes");
    }

    private static String bytes(long number) {
        return String.format(Locale.ROOT, "%,d bytes", number);
    }

    private static Map<String, Long> parse(String recorded) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        for (String line : recorded.split("\n")) {
            int blank = line.indexOf(' ');
            if (blank > 0 && line.substring(0, blank).matches("[0-9]{1,18}")) {
                sizes.put(line.substring(blank + 1), Long.valueOf(line.substring(0, blank)));
            }
        }
        return sizes;
    }
}
