package perdure.device;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Chooses the folder that native libraries are unpacked into, and tells the libraries that unpack them. It must be one
 * where this user may write files and the system executes them. The home folder is not everywhere.
 */
final class UnpackFolder {

    /** JavaCPP's setting. What is set is not changed. */
    static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

    /** The lock under which the libraries are unpacked, in the folder. */
    static final String LOCK = "perdure.lock";

    static final String REMEDY = "Name a folder where files can be written and executed with java -D" + PROPERTY
            + "=FOLDER (JAVA_TOOL_OPTIONS=-D" + PROPERTY + "=FOLDER for the scripts).";

    /** Those of the tokenizers' library and of JNA. */
    private static final List<String> OTHER_PROPERTIES = List.of("ENGINE_CACHE_DIR", "jna.tmpdir");

    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

    private UnpackFolder() {}

    /**
     * Chooses the folder, unless the command line has.
     *
     * @throws IllegalArgumentException with one line that names each folder that cannot be used and why, and what to
     *     set, if there is no usable one
     */
    static void choose() {
        String set = System.getProperty(PROPERTY);
        if (set != null) {
            use(Path.of(set));
            return;
        }
        List<String> problems = new ArrayList<>();
        for (Path folder : candidates()) {
            String problem = problem(folder);
            if (problem == null) {
                // The libraries find the home folder themselves, each with a folder of its own in it.
                if (!folder.equals(in(System.getProperty("user.home")))) {
                    use(folder);
                }
                return;
            }
            problems.add(folder + " (" + problem + ")");
        }
        throw new IllegalArgumentException(
                "The native libraries can be unpacked nowhere: " + String.join(", ", problems) + ". " + REMEDY);
    }

    private static void use(Path folder) {
        System.setProperty(PROPERTY, folder.toString());
        for (String other : OTHER_PROPERTIES) {
            if (System.getProperty(other) == null) {
                System.setProperty(other, folder.toString());
            }
        }
    }

    /** Java's home folder is "?" for a user without a name, whatever HOME says. */
    private static Set<Path> candidates() {
        Set<Path> candidates = new LinkedHashSet<>();
        candidates.add(in(System.getProperty("user.home")));
        candidates.add(in(System.getenv("HOME")));
        candidates.add(forAllUsers());
        candidates.removeIf(Objects::isNull);
        return candidates;
    }

    private static Path in(String home) {
        try {
            return home != null && Path.of(home).isAbsolute() ? Path.of(home, ".javacpp", "cache") : null;
        } catch (InvalidPathException otherCharacters) {
            return null;
        }
    }

    private static Path forAllUsers() {
        Object user = owner(Path.of("/proc/self"));
        return Path.of(System.getProperty("java.io.tmpdir"), ".javacpp-" + (user == null ? "" : user))
                .toAbsolutePath();
    }

    /** The user id of the owner; null where there are none. */
    private static Object owner(Path path) {
        try {
            return Files.getAttribute(path, "unix:uid");
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException notUnix) {
            return null;
        }
    }

    /** Why a folder cannot be used, or null if it can. Creates it, and a file in it for a moment. */
    private static String problem(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, "trial", null));
            if (folder.equals(forAllUsers()) && !Objects.equals(owner(folder), owner(Path.of("/proc/self")))) {
                return "somebody else's, who could have put other libraries there";
            }
            if (isNoexec(folder.toRealPath())) {
                return "mounted noexec";
            }
            // JavaCPP locks only while it unpacks. The file is there if that has been done.
            return Files.exists(folder.resolve(LOCK)) || hasLocks(folder) ? null : "without file locks";
        } catch (FileSystemException problem) {
            return problem.getReason() == null ? "not writable" : problem.getReason();
        } catch (IOException problem) {
            return problem.toString();
        }
    }

    private static boolean hasLocks(Path folder) throws IOException {
        Path file = Files.createTempFile(folder, "trial", null);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            return lock != null;
        } catch (IOException unsupported) {
            return false;
        } finally {
            Files.delete(file);
        }
    }

    private static boolean isNoexec(Path folder) throws IOException {
        return Files.isReadable(MOUNTS)
                && isNoexec(folder.toString(), Files.readAllLines(MOUNTS, StandardCharsets.ISO_8859_1));
    }

    /**
     * Whether the mount of a folder has the option noexec.
     *
     * @param mounts lines of proc(5) mountinfo: the fifth field is the mount point, the sixth its options; later mounts
     *     cover earlier ones
     */
    static boolean isNoexec(String folder, List<String> mounts) {
        int longest = 0;
        boolean noexec = false;
        for (String mount : mounts) {
            String[] fields = mount.split(" ");
            if (fields.length > 5) {
                String point = OCTAL.matcher(fields[4])
                        .replaceAll(escape ->
                                Matcher.quoteReplacement(Character.toString(Integer.parseInt(escape.group(1), 8))));
                String prefix = point.endsWith("/") ? point : point + "/";
                if ((folder + "/").startsWith(prefix) && prefix.length() >= longest) {
                    longest = prefix.length();
                    noexec = List.of(fields[5].split(",")).contains("noexec");
                }
            }
        }
        return noexec;
    }
}
