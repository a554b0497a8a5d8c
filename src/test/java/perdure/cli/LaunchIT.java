package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code java -cp target/perdure.jar Train}, as people type it. */
@EnabledOnOs(OS.LINUX)
class LaunchIT {

    private static final Path JAR = Path.of("target/perdure.jar");
    private static final String OPTION = "-XX:TieredStopAtLevel=1";

    @TempDir
    Path folder;

    private Process start(List<String> java, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(java);
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log().toFile());
        builder.environment().keySet().removeIf(name -> name.endsWith("JAVA_OPTIONS"));
        builder.environment().remove("JAVA_TOOL_OPTIONS");
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
        while (!Files.readString(log()).contains("TRACE Step 1.")) {
            Thread.sleep(10);
        }
    }

    private static String commandLine(Process process) throws IOException {
        return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
    }

    @Test
    void beginsAnewWithTheOptionsOfTheScriptsInTheSameProcess() throws Exception {
        assumeTrue(Files.exists(JAR), "needs the jar");
        Process process = start(
                List.of(java(), "-Dperdure.log=TRACE", "-cp", JAR.toString(), "Train"), train("--epochs", "100000"));
        try {
            awaitStep();
            assertTrue(commandLine(process).contains(OPTION), commandLine(process));
            process.destroy();
            assertEquals(143, TinyRun.await(process));
            assertTrue(Files.readString(log()).contains("Stopped. Run the same command again"));
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
