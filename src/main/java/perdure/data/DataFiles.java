package perdure.data;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The files at some paths that are to be read, in the order of their contents, and what was left out. Folders are
 * searched recursively. Hidden files and folders, empty files and those of other endings are left out there.
 */
final class DataFiles extends SimpleFileVisitor<Path> {

    private static final int MOST_FILES = 1_000_000;

    /** The kinds of skipped files, and the files with the same content, that are told. */
    private static final int TOLD = 6;

    private final List<DataFile> files = new ArrayList<>();
    private final Map<String, Integer> skipped = new TreeMap<>();
    private List<String> duplicates;
    private Path folder;

    private DataFiles() {}

    /** @throws IllegalArgumentException that names the path, if one does not exist or has nothing to read */
    static DataFiles at(List<Path> paths) {
        DataFiles found = new DataFiles();
        for (Path path : paths) {
            if (path.toString().isEmpty() || !Files.exists(path)) {
                throw new IllegalArgumentException(missing(path));
            }
            if (Files.isDirectory(path)) {
                found.addFolder(path);
            } else {
                found.addFile(path);
            }
        }
        if (found.files.isEmpty()) {
            throw new IllegalArgumentException("No path is given.");
        }
        found.files.sort(DataFile.BY_CONTENT.thenComparing(DataFile::format)); // Equal bytes may be read in two ways.
        found.duplicates = found.findDuplicates();
        return found;
    }

    /** The empty path would be the working directory, which nobody means who passes an unset variable. */
    private static String missing(Path path) {
        if (path.toString().isEmpty()) {
            return "The empty path does not exist.";
        }
        return path + (Files.isSymbolicLink(path) ? " is a link that leads to nothing." : " does not exist.");
    }

    private void addFile(Path path) {
        FileFormat format = FileFormat.of(path.getFileName().toString());
        if (format == null) {
            throw new IllegalArgumentException(path + " is of no kind that is read: " + FileFormat.all() + ".");
        }
        DataFile file = DataFile.of(path, null, format);
        if (file.size() == 0) {
            throw new IllegalArgumentException(path + " is empty.");
        }
        add(file);
    }

    private void addFolder(Path path) {
        int before = files.size();
        folder = path;
        try {
            Files.walkFileTree(path, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, this);
        } catch (FileSystemLoopException loop) {
            throw new IllegalArgumentException(
                    loop.getFile() + " is a link to a folder above it, which has no end: remove the link.", loop);
        } catch (IOException exception) {
            throw new IllegalArgumentException(path + " cannot be listed: " + exception, exception);
        }
        if (files.size() == before) {
            throw new IllegalArgumentException(path + " has no file in it that is read: " + FileFormat.all() + "."
                    + (skipped.isEmpty() ? "" : " It has " + skipped() + "."));
        }
    }

    private void add(DataFile file) {
        if (file.size() == 0) {
            skip("empty");
        } else if (files.size() == MOST_FILES) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "%s is one of more than %,d files.", file.path(), MOST_FILES));
        } else {
            files.add(file);
        }
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
        if (!directory.equals(folder) && isHidden(directory.getFileName().toString())) {
            skip(directory.getFileName().toString());
            return FileVisitResult.SKIP_SUBTREE;
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        String name = file.getFileName().toString();
        FileFormat format = FileFormat.of(name);
        if (isHidden(name)) {
            skip(name.startsWith("._") ? "._*" : name);
        } else if (attributes.isSymbolicLink()) {
            skip("broken link");
        } else if (format == null || !attributes.isRegularFile()) {
            skip(name.lastIndexOf('.') > 0 ? name.substring(name.lastIndexOf('.')) : name);
        } else {
            add(DataFile.of(file, folder, format));
        }
        return FileVisitResult.CONTINUE;
    }

    /** Also what macOS leaves in archives, which is not for people. */
    private static boolean isHidden(String name) {
        return name.startsWith(".") || name.equals("__MACOSX");
    }

    private void skip(String kind) {
        skipped.merge(skipped.size() < MOST_FILES ? kind : "other", 1, Integer::sum);
    }

    private List<String> findDuplicates() {
        List<String> lines = new ArrayList<>();
        for (int i = 1; i < files.size(); i++) {
            if (files.get(i).hasContentOf(files.get(i - 1))) {
                lines.add(files.get(i - 1).path() + " and " + files.get(i).path() + " have the same content.");
            }
        }
        return shortened(lines);
    }

    /** Which of these files are in the other list too, one line each. */
    List<String> sharedWith(DataFiles other) {
        Map<String, List<DataFile>> others = other.files.stream().collect(Collectors.groupingBy(DataFile::key));
        List<String> lines = new ArrayList<>();
        for (DataFile file : files) {
            others.getOrDefault(file.key(), List.of()).stream()
                    .filter(file::hasContentOf)
                    .findFirst()
                    .ifPresent(trained -> lines.add("The validation text " + file.path()
                            + " has the same content as the training text " + trained.path()
                            + ": its loss will be too low."));
        }
        return shortened(lines);
    }

    private static List<String> shortened(List<String> lines) {
        List<String> shortened = new ArrayList<>(lines.subList(0, Math.min(TOLD, lines.size())));
        if (lines.size() > TOLD) {
            shortened.add("The same is true of " + Notes.count(lines.size() - TOLD, "more file") + ".");
        }
        return shortened;
    }

    /** In the order of their contents. */
    List<DataFile> files() {
        return files;
    }

    /** For example {@code 3 skipped (.png 2, .DS_Store 1)}; the empty text if none were. */
    String skipped() {
        List<Map.Entry<String, Integer>> kinds = skipped.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .toList();
        int all = kinds.stream().mapToInt(Map.Entry::getValue).sum();
        int told = kinds.stream().limit(TOLD).mapToInt(Map.Entry::getValue).sum();
        String list = kinds.stream()
                .limit(TOLD)
                .map(kind -> String.format(Locale.ROOT, "%s %,d", kind.getKey(), kind.getValue()))
                .collect(Collectors.joining(", "));
        String others = all > told ? String.format(Locale.ROOT, ", other %,d", all - told) : "";
        return all == 0 ? "" : String.format(Locale.ROOT, "%,d skipped (%s%s)", all, list, others);
    }

    /** Which files have the same content, one line each. */
    List<String> duplicates() {
        return duplicates;
    }
}
