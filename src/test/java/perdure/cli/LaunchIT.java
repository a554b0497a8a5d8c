package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code java -cp target/perdure.jar Train}, as people type it. */
@EnabledOnOs(OS.LINUX)
class LaunchIT {

    private static final Path JAR = Path.of("target/perdure.jar");
    private static final String ARENAS = "MALLOC_ARENA_MAX=1";
    private static final String OPTION = "-XX:TieredStopAtLevel=1";

    @TempDir
    Path folder;

    private Process start(List<String> java, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(java);
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log().toFile());
        builder.environment().keySet().removeIf(name -> name.endsWith("JAVA_OPTIONS"));
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "MALLOC_ARENA_MAX"));
        builder.environment().put("LC_ALL", "C.UTF-8");
        return builder.start();
    }

    private Path log() {
        return folder.resolve("log.txt");
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private List<String> train(String... flags) throws IOException {
        TinyRun tiny = new TinyRun(folder);
        List<String> arguments = tiny.train(flags);
        if (System.getProperty("sun.jnu.encoding").startsWith("UTF")) {
            arguments.set(
                    arguments.indexOf(tiny.data.toString()),
                    Files.move(tiny.data, folder.resolve("a \u00fc.txt")).toString());
        }
        return arguments.subList(1, arguments.size());
    }

    private void awaitStep() throws Exception {
        await("TRACE Step 1.");
    }

    private void await(String text) throws Exception {
        while (!Files.readString(log()).contains(text)) {
            Thread.sleep(10);
        }
    }

    private static String environment(Process process) throws IOException {
        return Files.readString(Path.of("/proc/" + process.pid() + "/environ"), StandardCharsets.ISO_8859_1);
    }

    private static String commandLine(Process process) throws IOException {
        return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
    }

    private static List<String> openJars(Process process) throws IOException {
        List<String> jars = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/fd"))) {
            for (Path file : files) {
                jars.add(Files.readSymbolicLink(file).toString());
            }
        }
        jars.removeIf(name -> !name.endsWith(".jar"));
        return jars;
    }

    /** Classes and libraries would be missing somewhere. */
    @ParameterizedTest
    @CsvSource({"40, 2", "95, 2", "100, 0"})
    void saysInOneLineThatTooFewFilesMayBeOpen(int limit, int exitCode) throws Exception {
        assumeTrue(Files.exists(JAR), "needs the jar");
        String limited = "ulimit -n " + limit + "; exec " + java() + " -jar " + JAR.toAbsolutePath() + " \"$@\"";
        List<String> train = train("--epochs", "1");
        Process process = start(List.of("sh", "-c", limited, "sh", "train"), train);
        assertEquals(exitCode, TinyRun.await(process), Files.readString(log()));
        if (exitCode == 2) {
            assertEquals(
                    "perdure: " + limit + " files may be open at once, and at least 96 are needed. Raise the limit with"
                            + " ulimit -n.\n",
                    Files.readString(log()));
        }
    }

    @Test
    void beginsAnewWithTheOptionsOfTheScriptsInTheSameProcess() throws Exception {
        assumeTrue(Files.exists(JAR), "needs the jar");
        Process process = start(
                List.of(java(), "-Dperdure.log=TRACE", "-cp", JAR.toString(), "Train"), train("--epochs", "100000"));
        try {
            awaitStep();
            assertTrue(commandLine(process).contains(OPTION), commandLine(process));
            assertFalse(environment(process).contains(ARENAS), "a small model");
            List<String> jars = openJars(process);
            assertFalse(jars.isEmpty());
            assertEquals(Set.copyOf(jars).size(), jars.size(), () -> "open twice: " + jars);
            process.destroy();
            assertEquals(143, TinyRun.await(process));
            String said = Files.readString(log());
            assertTrue(said.contains("Stopped. Run the same command again"), said);
            assertFalse(said.contains("SLF4J"), said);
        } finally {
            process.destroyForcibly();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-XX:TieredStopAtLevel=1", "-Xmx400m"})
    void theThreadsOfALargeModelShareOneArenaUnlessTheUserGivesOptions(String option) throws Exception {
        assumeTrue(Files.exists(JAR), "needs the jar");
        List<String> java = new ArrayList<>(List.of(java(), "-Dperdure.log=TRACE", "-jar", JAR.toString(), "train"));
        if (!option.isEmpty()) {
            java.add(1, option);
        }
        Process process = start(java, train("--epochs", "100000", "--hidden-size", "2112", "--heads", "16"));
        try {
            await("Model: ");
            assertEquals(option.startsWith("-Xmx") ? 0 : 1, environment(process).split(ARENAS, -1).length - 1);
            assertEquals(2, Files.readString(log()).split("Model: ", -1).length, "nothing was said before");
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void optionsOfTheUserAreLeftAlone() throws Exception {
        assumeTrue(Files.exists(JAR), "needs the jar");
        Process process = start(
                List.of(java(), "-Xmx500m", "-Dperdure.log=TRACE", "-jar", JAR.toString(), "train"),
                train("--epochs", "100000"));
        try {
            awaitStep();
            assertFalse(commandLine(process).contains(OPTION), commandLine(process));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void anArchiveThatCannotBeUsedIsPassedOverInSilence() throws Exception {
        assumeTrue(Files.exists(JAR), "needs the jar");
        Path copy = Files.copy(JAR, folder.resolve("perdure.jar"));
        Files.createSymbolicLink(
                folder.resolve("lib"), JAR.resolveSibling("lib").toAbsolutePath());
        Path archive = folder.resolve("perdure-" + System.getProperty("java.runtime.version") + ".jsa");
        Files.writeString(archive, "no archive");
        Process process = start(List.of(java(), "-jar", copy.toString()), List.of("--version"));
        assertEquals(0, TinyRun.await(process));
        String said = Files.readString(log());
        assertTrue(said.contains("libtorch "), said);
        assertFalse(said.contains("shared") || said.contains("cds"), said);
    }
}
