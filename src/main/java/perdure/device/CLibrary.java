package perdure.device;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.StringArray;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The C library of this process, on Linux, and the way to other libraries of the system. */
public final class CLibrary {

    /** Where JNA looks for libraries that are not loaded. If it is not set, JNA starts another program to find out. */
    private static final String FOLDERS = "jna.platform.library.path";

    /** F_SETFD and FD_CLOEXEC of fcntl(2). */
    private static final int SET_DESCRIPTOR_FLAGS = 2;

    private static final int CLOSE_ON_EXEC = 1;

    static {
        if (System.getProperty(FOLDERS) == null) {
            System.setProperty(FOLDERS, "");
        }
    }

    private CLibrary() {}

    /**
     * Another library, by its name in the system's folders or by its path.
     *
     * @throws UnsatisfiedLinkError if it is not there
     */
    static NativeLibrary library(String name) {
        return NativeLibrary.getInstance(name);
    }

    /** @throws UnsatisfiedLinkError if the library has no such function */
    public static Function function(String name) {
        return NativeLibrary.getProcess().getFunction(name);
    }

    /**
     * Sets a variable in the environment of this process, which libraries read when they are loaded, unless it is set.
     * Does nothing where that is not possible.
     */
    public static void setDefault(String name, String value) {
        if (!Platform.isLinux() || System.getenv(name) != null) {
            return;
        }
        try {
            function("setenv").invokeInt(new Object[] {name, value, 0});
        } catch (LinkageError otherLibrary) {
            return; // Nothing depends on it but speed, or what is told.
        }
    }

    /**
     * Goes on as another start of the program that runs, in the same process: execv(3). Java's own files are closed by
     * that, and those which the process was given stay open. Returns only if it is not possible.
     *
     * @param command its name, and its arguments; a character for each byte
     * @throws LinkageError if there is no such function
     * @throws IllegalArgumentException if there is no folder that JNA can be unpacked into
     */
    public static void execute(List<String> command) throws IOException {
        String program = Files.readSymbolicLink(Path.of("/proc/self/exe")).toString();
        UnpackFolder.choose();
        StringArray arguments = new StringArray(command.toArray(String[]::new), StandardCharsets.ISO_8859_1.name());
        closeJarsOnExec();
        function("execv").invokeInt(new Object[] {program, arguments});
    }

    /** Jars and the module file, which Java leaves open to the program that follows. */
    private static void closeJarsOnExec() throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        Function fcntl = function("fcntl");
        for (String descriptor : descriptors.toFile().list()) {
            Path link = descriptors.resolve(descriptor);
            if (Files.isSymbolicLink(link)) { // That of the listing is closed by now.
                String file = Files.readSymbolicLink(link).toString();
                if (file.endsWith(".jar") || file.endsWith("/lib/modules")) {
                    fcntl.invokeInt(new Object[] {Integer.parseInt(descriptor), SET_DESCRIPTOR_FLAGS, CLOSE_ON_EXEC});
                }
            }
        }
    }
}
