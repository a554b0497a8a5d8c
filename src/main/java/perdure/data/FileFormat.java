package perdure.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** How the content of a file is read. The end of its name decides, in upper or lower case. */
enum FileFormat {
    TEXT(".txt", ".text", ".md", ".markdown"),
    JSON(".jsonl", ".ndjson", ".json"),
    CSV(".csv", ".tsv"),
    PARQUET(".parquet");

    private static final List<String> COMPRESSED = List.of(".gz", ".gzip", ".zst", ".zstd");

    private final List<String> endings;

    FileFormat(String... endings) {
        this.endings = List.of(endings);
    }

    /**
     * The format of a file by its name, or null if files with this ending are not read. A compressed file with no other
     * ending is text.
     */
    static FileFormat of(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (String compressed : COMPRESSED) {
            if (lower.endsWith(compressed)) {
                String inner = lower.substring(0, lower.length() - compressed.length());
                FileFormat format = inner.indexOf('.') < 0 ? TEXT : byEnding(inner);
                return format == PARQUET ? null : format;
            }
        }
        return byEnding(lower);
    }

    private static FileFormat byEnding(String lower) {
        return Arrays.stream(values())
                .filter(format -> format.endings.stream().anyMatch(lower::endsWith))
                .findFirst()
                .orElse(null);
    }

    /** The endings of all formats, for messages. */
    static String all() {
        return Arrays.stream(values())
                        .flatMap(format -> format.endings.stream())
                        .collect(Collectors.joining(", "))
                + "; all but the last also as .gz or .zst";
    }
}
