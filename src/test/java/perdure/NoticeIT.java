package perdure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code NOTICE} names every library of the built folder, at its version, and nothing else. */
class NoticeIT {
    /** An indented line that begins with the name of a jar, less its platform. */
    private static final Pattern NAME = Pattern.compile("^  ([a-z][\\w-]*-\\d[\\w.-]*)");

    private static final Pattern PLATFORM = Pattern.compile("(-(linux|macosx|windows)-.*)?\\.jar$");

    @Test
    void namesTheLibrariesThatTheJarLoads() throws IOException {
        Set<String> loaded = loaded();
        Set<String> named;
        try (Stream<String> lines = Files.lines(Path.of("NOTICE"))) {
            named = lines.flatMap(line -> NAME.matcher(line).results().map(match -> match.group(1)))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
        if (loaded.stream().noneMatch(NoticeIT::isMkl)) {
            named.removeIf(NoticeIT::isMkl); // left away, as on processors other than x86-64
        }
        assertEquals(String.join("\n", loaded), String.join("\n", named));
    }

    private static boolean isMkl(String name) {
        return name.startsWith("mkl-");
    }

    private static Set<String> loaded() throws IOException {
        try (JarFile jar = new JarFile("target/perdure.jar")) {
            String classPath = jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            return Stream.of(classPath.split(" "))
                    .map(path -> Path.of(path).getFileName().toString())
                    .map(name -> PLATFORM.matcher(name).replaceFirst(""))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
