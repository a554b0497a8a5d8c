package perdure.cli;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import perdure.device.CLibrary;
import perdure.device.Malloc;
import perdure.device.NativeRuntime;

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

    /**
     * Parameters of a model that trains in a tenth less memory if its threads share one arena, and in the same time. A small
     * one would take a third longer, since its threads would wait for each other.
     */
    private static final long LARGE_MODEL = 50_000_000;

    /** Java keeps every jar open; of the rest a run with its server needs about twenty. */
    private static final int LEAST_OPEN_FILES = 96;

    private static final String ARCHIVE = "-XX:SharedArchiveFile=";
    private static final String QUIET = "-Xlog:cds*=off";
    private static final List<String> VARIABLES = List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS");

    private static final List<String> CLASS_PATH = List.of("-cp", "-classpath", "--class-path");

    /** The command of this process; null if another program runs in it, or if it may not begin anew. */
    private static List<String> command;

    private Launch() {}

    public static void main(String[] arguments) {
        if (openFiles() < LEAST_OPEN_FILES) {
            System.err.println("perdure: " + openFiles() + " files may be open at once, and at least "
                    + LEAST_OPEN_FILES + " are needed. Raise the limit with ulimit -n.");
            System.exit(2); // No other class of ours can be sure to load.
        }
        command = command();
        beginAnew();
        Main.main(arguments);
    }

    /** How many may be open at once, of which Java raised the limit as far as it may; the most where none is told. */
    private static long openFiles() {
        try (Stream<String> limits = Files.lines(Path.of("/proc/self/limits"))) {
            return limits.filter(line -> line.startsWith("Max open files"))
                    .map(line -> line.split(" {2,}")[1])
                    .mapToLong(Long::parseLong)
                    .findFirst()
                    .orElse(Long.MAX_VALUE);
        } catch (IOException | RuntimeException unknown) {
            return Long.MAX_VALUE;
        }
    }

    /** Null where the system does not tell it, or if variables give Java options. */
    private static List<String> command() {
        Path commandLine = Path.of("/proc/self/cmdline");
        if (!Files.isReadable(commandLine)
                || !Collections.disjoint(System.getenv().keySet(), VARIABLES)) {
            return null;
        }
        try {
            List<String> given = List.of(
                    Files.readString(commandLine, StandardCharsets.ISO_8859_1).split("\0", -1));
            return given.subList(0, given.size() - 1);
        } catch (IOException unknown) {
            return null;
        }
    }

    /** Returns if the process runs with options already, or has to do without. */
    private static void beginAnew() {
        try {
            Path jar = Path.of(Launch.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            if (command != null && Files.isRegularFile(jar) && hasNoOptions(command)) {
                CLibrary.execute(withOptions(command, archive(jar)));
            }
        } catch (IOException | URISyntaxException | RuntimeException | LinkageError slower) {
            return; // Only speed depends on it. What is wrong is said when it is needed.
        }
    }

    /**
     * Before a large model is trained on the CPU, the process begins anew once more, in which all threads share one arena.
     * That is read from the environment at the start alone. Call it before anything is said or written. Returns if that is
     * done, if the model is small, or if the user gave Java options.
     *
     * @param parameters of the model; if it fails, nothing is done
     */
    static void shareArena(LongSupplier parameters) {
        if (command == null || System.getenv(Malloc.ARENAS) != null) {
            return;
        }
        try {
            if (hasNoOptions(withoutOurOptions(command))
                    && parameters.getAsLong() >= LARGE_MODEL
                    && !NativeRuntime.cudaBuild()) { // last: it looks through all jars
                CLibrary.setDefault(Malloc.ARENAS, "1");
                CLibrary.execute(command);
            }
        } catch (IOException | RuntimeException | LinkageError moreMemory) {
            return; // Only memory depends on it. What is wrong is said when it is needed.
        }
    }

    static List<String> withoutOurOptions(List<String> command) {
        return command.stream()
                .filter(argument ->
                        !OPTIONS.contains(argument) && !argument.startsWith(ARCHIVE) && !argument.equals(QUIET))
                .toList();
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
            whole.add(ARCHIVE + archive);
            whole.add(QUIET);
        }
        whole.addAll(OPTIONS);
        whole.addAll(command.subList(1, command.size()));
        return whole;
    }

    /** The class-data archive that the build made for this version of Java, beside the jar. */
    static Path archive(Path jar) {
        return jar.resolveSibling("perdure-" + System.getProperty("java.runtime.version") + ".jsa");
    }
}
