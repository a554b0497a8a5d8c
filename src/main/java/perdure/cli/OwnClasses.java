package perdure.cli;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.device.DaemonThread;

/**
 * Loads all classes of our jar at once. Java reads a class when it is first used, which may be hours later, when a new
 * build has rewritten the jar.
 */
final class OwnClasses {
    private static final Logger LOG = LoggerFactory.getLogger(OwnClasses.class);
    private static final String ENDING = ".class";

    private OwnClasses() {}

    /** Loads them on a thread of its own. Does nothing if they do not come from a jar. */
    static void load() {
        DaemonThread.named("class-loader").execute(OwnClasses::loadAll);
    }

    private static void loadAll() {
        try {
            Path jar = Path.of(OwnClasses.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            if (Files.isRegularFile(jar)) {
                names(jar).forEach(OwnClasses::load);
                LOG.debug("All classes of {} are loaded.", jar);
            }
        } catch (IOException | URISyntaxException | IllegalArgumentException | SecurityException unknown) {
            LOG.debug("Classes are loaded when they are used.", unknown);
        }
    }

    private static List<String> names(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.endsWith(ENDING))
                    .map(name ->
                            name.substring(0, name.length() - ENDING.length()).replace('/', '.'))
                    .toList();
        }
    }

    private static void load(String name) {
        try {
            Class.forName(name, false, OwnClasses.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError absent) {
            LOG.debug("Class {} cannot be loaded.", name, absent);
        }
    }
}
