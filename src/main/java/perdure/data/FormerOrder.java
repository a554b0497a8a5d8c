package perdure.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files at some paths as version 0.1.0 found, ordered and identified them: by their names, as the locale decoded
 * them. Runs that it began carry on in this order.
 */
final class FormerOrder {

    /** What a locale makes of the bytes of a name: most locales UTF-8, {@code LC_ALL=C} ASCII. */
    static final List<Charset> LOCALES = List.of(StandardCharsets.UTF_8, StandardCharsets.US_ASCII);

    /** @param name relative to the folder that was given */
    record Named(DataFile file, String name) {
        byte[] nameBytes() {
            return name.getBytes(StandardCharsets.UTF_8);
        }
    }

    private FormerOrder() {}

    /** The files in their order. There are none if version 0.1.0 would have refused the paths. */
    static List<Named> files(List<Path> paths, Charset locale) {
        return paths.stream().flatMap(path -> files(path, locale).stream()).toList();
    }

    private static List<Named> files(Path path, Charset locale) {
        if (!Files.isDirectory(path)) {
            return Stream.of(path)
                    .filter(FormerOrder::isReadable)
                    .map(file -> named(
                            DataFile.of(file, null, format(file)),
                            file.toAbsolutePath().getParent(),
                            locale))
                    .toList();
        }
        try (Stream<Path> found = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
            return found.filter(Files::isRegularFile)
                    .filter(FormerOrder::isReadable)
                    .map(file -> named(DataFile.of(file, path, format(file)), path, locale))
                    .sorted(Comparator.comparing(Named::name))
                    .toList();
        } catch (IOException | UncheckedIOException unlisted) {
            return List.of();
        }
    }

    private static boolean isReadable(Path file) {
        return file.toString().endsWith(".txt") || file.toString().endsWith(".jsonl");
    }

    private static FileFormat format(Path file) {
        return file.toString().endsWith(".txt") ? FileFormat.TEXT : FileFormat.JSON;
    }

    private static Named named(DataFile file, Path folder, Charset locale) {
        String name = file.path()
                .toUri()
                .getRawPath()
                .substring(folder.toUri().getRawPath().length());
        return new Named(file, new String(unescaped(name), locale).replace('\\', '/'));
    }

    /** The bytes of a name, which a URI has as they are, escaped by percent signs. */
    private static byte[] unescaped(String name) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < name.length(); i++) {
            boolean escaped = name.charAt(i) == '%';
            bytes.write(escaped ? Integer.parseInt(name, i + 1, i + 3, 16) : name.charAt(i));
            i += escaped ? 2 : 0;
        }
        return bytes.toByteArray();
    }
}
