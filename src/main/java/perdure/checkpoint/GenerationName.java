package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The name of a generation's folder: {@code step-0000012345}; where the same step is saved again (an epoch's end right
 * after a timed save), {@code step-0000012345-1} and so on, because a generation is never overwritten.
 *
 * @param step optimizer steps finished in all
 * @param copy from zero
 */
record GenerationName(long step, int copy) implements Comparable<GenerationName> {

    private static final Pattern PATTERN = Pattern.compile("step-(\\d{10,18})(?:-([1-9]\\d{0,5}))?");

    private static final Comparator<GenerationName> ORDER =
            Comparator.comparingLong(GenerationName::step).thenComparingInt(GenerationName::copy);

    /** The name that a text is, or null. */
    static GenerationName parse(String text) {
        Matcher matcher = PATTERN.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        String copy = matcher.group(2);
        GenerationName name =
                new GenerationName(Long.parseLong(matcher.group(1)), copy == null ? 0 : Integer.parseInt(copy));
        return name.toString().equals(text) ? name : null;
    }

    /** All generations of a run folder, newest first; none if there is no folder. */
    static List<GenerationName> list(Path runFolder) throws IOException {
        if (!Files.isDirectory(runFolder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(runFolder)) {
            return children.filter(child -> Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS))
                    .map(child -> parse(child.getFileName().toString()))
                    .filter(Objects::nonNull)
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
    }

    /** The first name for that step that no generation has. */
    static GenerationName free(Path runFolder, long step) {
        GenerationName name = new GenerationName(step, 0);
        while (Files.exists(runFolder.resolve(name.toString()), LinkOption.NOFOLLOW_LINKS)) {
            name = new GenerationName(step, name.copy + 1);
        }
        return name;
    }

    /** Older ones first. */
    @Override
    public int compareTo(GenerationName other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "step-%010d", step) + (copy == 0 ? "" : "-" + copy);
    }
}
