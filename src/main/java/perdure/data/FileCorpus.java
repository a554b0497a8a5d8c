package perdure.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import perdure.tokenizer.TextPieces;

/**
 * A corpus of text files, each one document, and JSON-lines files, one document per line. A folder's files are read in
 * the order of their names.
 */
final class FileCorpus implements Corpus {

    /** Longest line of a JSON-lines file, in bytes. */
    static final int LONGEST_LINE = 16 << 20;

    private final List<Source> sources;
    private String fingerprint;

    /** @param name path relative to the given folder, so that it does not depend on where the data is */
    private record Source(Path file, String name) {
        private boolean isText() {
            return name.endsWith(".txt");
        }
    }

    private FileCorpus(List<Source> sources) {
        this.sources = sources;
    }

    static FileCorpus of(List<Path> paths) {
        List<Source> sources = new ArrayList<>();
        for (Path path : paths) {
            // The empty path would be the working directory, which nobody means who passes an unset variable.
            if (path.toString().isEmpty() || !Files.exists(path)) {
                throw new IllegalArgumentException(
                        (path.toString().isEmpty() ? "The empty path" : path) + " does not exist.");
            }
            List<Source> found = Files.isDirectory(path) ? below(path) : List.of(source(path, path.getFileName()));
            for (Source source : found) {
                check(source);
            }
            sources.addAll(found);
        }
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("No path is given.");
        }
        return new FileCorpus(List.copyOf(sources));
    }

    private static List<Source> below(Path folder) {
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            List<Source> sources = files.filter(Files::isRegularFile)
                    .filter(FileCorpus::isReadable)
                    .map(file -> source(file, folder.relativize(file)))
                    .sorted(Comparator.comparing(Source::name))
                    .toList();
            if (sources.isEmpty()) {
                throw new IllegalArgumentException(folder + " has no .txt or .jsonl file in it.");
            }
            return sources;
        } catch (IOException exception) {
            throw cannotList(folder, exception);
        } catch (UncheckedIOException exception) {
            throw cannotList(folder, exception.getCause());
        }
    }

    private static IllegalArgumentException cannotList(Path folder, IOException problem) {
        return new IllegalArgumentException(folder + " cannot be listed: " + problem, problem);
    }

    private static Source source(Path file, Path name) {
        return new Source(file, name.toString().replace('\\', '/'));
    }

    private static boolean isReadable(Path file) {
        return file.toString().endsWith(".txt") || file.toString().endsWith(".jsonl");
    }

    private static void check(Source source) {
        Path file = source.file();
        try {
            if (!isReadable(file)) {
                throw new IllegalArgumentException(file + " is neither a .txt nor a .jsonl file.");
            }
            if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
                throw new IllegalArgumentException(file + " cannot be read.");
            }
            if (Files.size(file) == 0) {
                throw new IllegalArgumentException(file + " is empty.");
            }
        } catch (IOException exception) {
            throw new UncheckedIOException("Cannot read " + file + ": " + exception, exception);
        }
    }

    @Override
    public synchronized String fingerprint(BooleanSupplier stop) {
        if (fingerprint == null) {
            Fingerprint running = new Fingerprint();
            for (Source source : sources) {
                byte[] name = source.name().getBytes(StandardCharsets.UTF_8);
                running.add(name.length).add(name);
                open(source, input -> {
                    byte[] buffer = new byte[1 << 16];
                    long size = 0;
                    for (int length; Corpus.goOn(stop) && (length = input.read(buffer)) > 0; size += length) {
                        running.add(buffer, length);
                    }
                    running.add(size);
                    return true;
                });
            }
            fingerprint = running.hex();
        }
        return fingerprint;
    }

    @Override
    public Map<String, Long> sizes() {
        Map<String, Long> sizes = new TreeMap<>();
        for (Source source : sources) {
            try {
                sizes.put(source.name(), Files.size(source.file()));
            } catch (IOException exception) {
                throw new UncheckedIOException("Cannot read " + source.file() + ": " + exception, exception);
            }
        }
        return sizes;
    }

    @Override
    public void read(Predicate<Passage> reader) {
        for (Source source : sources) {
            String name = source.file().toString();
            boolean more =
                    open(source, input -> source.isText() ? text(name, input, reader) : lines(name, input, reader));
            if (!more) {
                return;
            }
        }
    }

    private static boolean text(String name, InputStream input, Predicate<Passage> reader) throws IOException {
        Utf8 utf8 = new Utf8(name);
        StringBuilder text = new StringBuilder();
        byte[] buffer = new byte[1 << 16];
        int length;
        do {
            length = Math.max(0, input.read(buffer));
            utf8.decode(buffer, length, length == 0, text);
            while (text.length() > TextPieces.LIMIT) {
                int end = TextPieces.cut(text, 0);
                if (!reader.test(Passage.text(text.substring(0, end), false))) {
                    return false;
                }
                text.delete(0, end);
            }
        } while (length > 0);
        return reader.test(Passage.text(text.toString(), true));
    }

    private static boolean lines(String name, InputStream input, Predicate<Passage> reader) throws IOException {
        Utf8 utf8 = new Utf8(name);
        Lines lines = new Lines(input, LONGEST_LINE);
        for (long number = 1; ; number++) {
            String place = name + " line " + number + " ";
            byte[] line;
            try {
                line = lines.next();
            } catch (IllegalArgumentException exception) {
                throw new IllegalArgumentException(place + exception.getMessage(), exception);
            }
            if (line == null) {
                return true;
            }
            StringBuilder text = new StringBuilder();
            utf8.decode(line, line.length, true, text);
            if (!text.toString().isBlank() && !document(place, text.toString(), reader)) {
                return false;
            }
        }
    }

    private static boolean document(String place, String line, Predicate<Passage> reader) {
        List<Passage> passages;
        try {
            passages = JsonDocument.passages(line);
        } catch (IllegalArgumentException exception) {
            throw new IllegalArgumentException(place + exception.getMessage(), exception);
        }
        return passages.stream().allMatch(reader);
    }

    private interface Reading {
        boolean from(InputStream input) throws IOException;
    }

    private static boolean open(Source source, Reading reading) {
        try (InputStream input = Files.newInputStream(source.file())) {
            return reading.from(input);
        } catch (IOException exception) {
            throw new UncheckedIOException("Cannot read " + source.file() + ": " + exception, exception);
        }
    }
}
