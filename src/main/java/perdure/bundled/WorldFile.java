package perdure.bundled;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Reads the notation that the head of {@code world.txt} explains. */
final class WorldFile {

    private final Map<String, List<List<String>>> tables = NumberTables.all();
    private final List<Topic> topics = new ArrayList<>();

    /**
     * Reads all topics of {@code text}.
     *
     * @throws IllegalArgumentException if a line cannot be read
     */
    WorldFile(String text) {
        List<List<String>> table = null;
        Topic topic = null;
        for (String line : text.lines().map(String::strip).toList()) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String[] words = line.split(" +");
            String rest = line.substring(words[0].length()).strip();
            switch (words[0]) {
                case "set" -> tables.put(words[1], entries(words));
                case "order" -> tables.put(words[1], pairs(entries(words)));
                case "table" -> {
                    topic = null;
                    table = new ArrayList<>();
                    tables.put(words[1], table);
                }
                case "topic" -> {
                    topic = topic(words);
                    topics.add(topic);
                }
                case "?" -> topic.phrasings().addAll(Alternatives.expand(rest));
                case "=" -> topic.answers().add(rest);
                case "-", "~" -> {
                    for (String row : Alternatives.expand(rest)) {
                        for (String each : words[0].equals("~") ? List.of(row, swapped(row)) : List.of(row)) {
                            if (topic == null) {
                                table.add(List.of(each.split(" ; ")));
                            } else {
                                topic.rows().add(new Rows(each, tables));
                            }
                        }
                    }
                }
                default -> throw new IllegalArgumentException("A line of the world is not understood: " + line);
            }
        }
    }

    List<Topic> topics() {
        return topics;
    }

    private static List<List<String>> entries(String[] words) {
        return Arrays.stream(words).skip(2).map(List::of).toList();
    }

    /** Each entry with each of those before it. */
    private static List<List<String>> pairs(List<List<String>> entries) {
        List<List<String>> pairs = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            for (int j = 0; j < i; j++) {
                pairs.add(List.of(entries.get(i).get(0), entries.get(j).get(0)));
            }
        }
        return pairs;
    }

    private static Topic topic(String[] words) {
        List<String> options = List.of(words).subList(4, words.length);
        return new Topic(
                words[1],
                Integer.parseInt(words[2]),
                Integer.parseInt(words[3]),
                options.contains("cased"),
                options.contains("distinct"));
    }

    private static String swapped(String row) {
        String[] columns = row.split(" ; ", 3);
        String first = columns[0];
        columns[0] = columns[1];
        columns[1] = first;
        return String.join(" ; ", columns);
    }
}
