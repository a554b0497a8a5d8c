package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a checkpoint's folder, like {@code step-0000012345}. A checkpoint is never overwritten. If the same step
 * is saved again, such as at an epoch's end right after a timed save, the name is {@code step-0000012345-1}, and so on.
 *
 * @param step optimizer steps finished in all
 * @param copy number of the save of that step, from zero
 */
record CheckpointName(long step, int copy) implements Comparable<CheckpointName> {

    private static final Pattern PATTERN = Pattern.compile("step-(\\d{10,18})(?:-([1-9]\\d{0,5}))?");

    private static final Comparator<CheckpointName> ORDER =
            Comparator.comparingLong(CheckpointName::step).thenComparingInt(CheckpointName::copy);

    /** Parses a name. Returns null if the text is not one. */
    static CheckpointName parse(String text) {
        Matcher matcher = PATTERN.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        String copy = matcher.group(2);
        CheckpointName name =
                new CheckpointName(Long.parseLong(matcher.group(1)), copy == null ? 0 : Integer.parseInt(copy));
        return name.toString().equals(text) ? name : null;
    }

    /**
     * All checkpoints of a run folder, newest first. The list is empty if there is no folder. A link counts, wherever it
     * leads to.
     */
    static List<CheckpointName> list(Path runFolder) throws IOException {
        if (!DurableFiles.isFolder(runFolder)) {
            return List.of();
        }
        List<CheckpointName> names = new ArrayList<>();
        for (Path child : DurableFiles.list(runFolder)) {
            CheckpointName name = parse(child.getFileName().toString());
            if (name != null && (Files.isSymbolicLink(child) || DurableFiles.isFolder(child))) {
                names.add(name);
            }
        }
        names.sort(Comparator.reverseOrder());
        return names;
    }

    /** The first name for that step that is not taken. */
    static CheckpointName free(Path runFolder, long step) {
        CheckpointName name = new CheckpointName(step, 0);
        while (Files.exists(runFolder.resolve(name.toString()), LinkOption.NOFOLLOW_LINKS)) {
            name = new CheckpointName(step, name.copy + 1);
        }
        return name;
    }

    /** Older ones first. */
    @Override
    public int compareTo(CheckpointName other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "step-%010d", step) + (copy == 0 ? "" : "-" + copy);
    }
}
