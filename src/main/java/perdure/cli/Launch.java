package perdure.cli;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import perdure.device.CLibrary;

/**
 * Where a process begins. With the options of {@code scripts/perdure} it needs half the time to the first step, but Java
 * takes options from its command line and its environment alone, neither from a jar nor from a manifest. So on Linux a
 * command such as {@code java -cp … Train} begins anew with them: the same process, with the same arguments, files and
 * signals. Whoever gives Java options gets just those.
 */
public final class Launch {

    /** Those of {@code scripts/perdure}: for a small heap, and for a program whose work is done by native code. */
    static final List<String> OPTIONS = List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xms64m",
            "-Xmn16m",
            "-XX:MetaspaceSize=64m");

    private static final List<String> VARIABLES = List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS");

    private static final List<String> CLASS_PATH = List.of("-cp", "-classpath", "--class-path");

    private Launch() {}

    public static void main(String[] arguments) {
        beginAnew();
        Main.main(arguments);
    }

    /** Returns if the process runs with options already, or has to do without. */
    private static void beginAnew() {
        Path commandLine = Path.of("/proc/self/cmdline");
        if (!Files.isReadable(commandLine)
                || !Collections.disjoint(System.getenv().keySet(), VARIABLES)) {
            return;
        }
        try {
            Path jar = Path.of(Launch.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            List<String> given = List.of(
                    Files.readString(commandLine, StandardCharsets.ISO_8859_1).split("\0", -1));
            if (Files.isRegularFile(jar) && hasNoOptions(given)) {
                CLibrary.execute(withOptions(given.subList(0, given.size() - 1), archive(jar)));
            }
        } catch (IOException | URISyntaxException | RuntimeException | LinkageError slower) {
            return; // Only speed depends on it. What is wrong is said when it is needed.
        }
    }

    /** Whether a command of Java has no options but a class path and properties. */
    static boolean hasNoOptions(List<String> command) {
        int next = 1;
        while (next < command.size()) {
            String argument = command.get(next);
            if (!argument.startsWith("-") && !argument.startsWith("@") || argument.equals("-jar")) {
                return true;
            }
            if (!argument.startsWith("-D") && !CLASS_PATH.contains(argument)) {
                return false;
            }
            next += CLASS_PATH.contains(argument) ? 2 : 1;
        }
        return false;
    }

    /** @param archive of classes; may be missing */
    static List<String> withOptions(List<String> command, Path archive) {
        List<String> whole = new ArrayList<>(command.subList(0, 1));
        if (Files.exists(archive)) {
            whole.add("-XX:SharedArchiveFile=" + archive);
            whole.add("-Xlog:cds*=off");
        }
        whole.addAll(OPTIONS);
        whole.addAll(command.subList(1, command.size()));
        return whole;
    }

    /** The class-data archive that the build made for this version of Java, beside the jar. */
    private static Path archive(Path jar) {
        return jar.resolveSibling("perdure-" + System.getProperty("java.runtime.version") + ".jsa");
    }
}
