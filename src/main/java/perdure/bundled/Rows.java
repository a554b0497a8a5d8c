package perdure.bundled;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All rows that one row line of the world file stands for: the product of the sets and tables that it names. They are
 * computed on demand, since there may be many.
 */
final class Rows {

    private static final Pattern REFERENCE = Pattern.compile("<([a-z]+)>|@([a-z-]+)");

    private static final Pattern COLUMNS = Pattern.compile(" ?; ?");

    /** The text between the references, one piece more than there are of them. */
    private final List<String> between = new ArrayList<>();

    private final List<List<List<String>>> sources = new ArrayList<>();
    private final int size;

    /**
     * @param line columns separated by {@code ;}, with references to sets and tables
     * @param tables rows by name of the set or table
     */
    Rows(String line, Map<String, List<List<String>>> tables) {
        int product = 1;
        int end = 0;
        Matcher reference = REFERENCE.matcher(line);
        while (reference.find()) {
            String name = reference.group(1) != null ? reference.group(1) : reference.group(2);
            List<List<String>> source = tables.get(name);
            if (source == null) {
                throw new IllegalArgumentException("No set or table is called " + name + ": " + line);
            }
            sources.add(source);
            between.add(line.substring(end, reference.start()));
            end = reference.end();
            product = Math.multiplyExact(product, source.size());
        }
        between.add(line.substring(end));
        size = product;
    }

    /** The number of indices that {@link #row} takes, including rows that repeat an entry. */
    int size() {
        return size;
    }

    /** The columns of one row; an empty list if the row would take one entry of a source twice. */
    List<String> row(int index) {
        List<List<String>> entries = new ArrayList<>();
        int rest = index;
        for (int i = 0; i < sources.size(); i++) {
            List<List<String>> source = sources.get(i);
            List<String> entry = source.get(rest % source.size());
            rest /= source.size();
            for (int j = 0; j < i; j++) {
                if (sources.get(j) == source && entries.get(j).equals(entry)) {
                    return List.of();
                }
            }
            entries.add(entry);
        }
        StringBuilder text = new StringBuilder(between.get(0));
        for (int i = 0; i < entries.size(); i++) {
            text.append(String.join(" ; ", entries.get(i))).append(between.get(i + 1));
        }
        return List.of(COLUMNS.split(text, -1));
    }
}
