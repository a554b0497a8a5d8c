package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code scripts/perdure} in a clone where nothing is built, with programs in the place of Maven and Java. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class PerdureScriptTest {

    @TempDir
    Path folder;

    private void program(Path file, String lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + lines + "\n");
        assertTrue(file.toFile().setExecutable(true));
    }

    private static Process train(Path script, Path programs, String options) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("sh", script.toString(), "train").redirectErrorStream(true);
        builder.environment().put("PATH", programs + ":" + System.getenv("PATH"));
        builder.environment().put("JAVA_HOME", programs.getParent().toString());
        builder.environment().put("JAVA_TOOL_OPTIONS", options);
        return builder.start();
    }

    @Test
    void ofRanksThatAreStartedAtOnceOneBuilds() throws Exception {
        Path home = Files.createDirectories(folder.resolve("a clone"));
        Files.createDirectories(home.resolve("src/main"));
        Files.createFile(home.resolve("pom.xml"));
        Path script = home.resolve("scripts/perdure");
        Files.createDirectories(script.getParent());
        Files.copy(Path.of("scripts/perdure"), script);
        Path programs = folder.resolve("java/bin");
        String jar = "'" + home.resolve("target/perdure.jar") + "'";
        program(
                programs.resolve("mvn"),
                "echo built >>'" + folder.resolve("builds") + "'; sleep 1; mkdir -p '" + home.resolve("target")
                        + "'; echo whole >" + jar);
        program(programs.resolve("java"), "cat " + jar);
        List<Process> ranks = new ArrayList<>();
        for (int rank = 0; rank < 3; rank++) {
            ranks.add(train(script, programs, ""));
        }
        List<String> said = new ArrayList<>();
        for (Process rank : ranks) {
            said.addAll(new String(rank.getInputStream().readAllBytes()).lines().toList());
            assertTrue(rank.waitFor(10, TimeUnit.SECONDS));
            assertEquals(0, rank.exitValue());
        }
        assertEquals(List.of("built"), Files.readAllLines(folder.resolve("builds")));
        assertEquals(3, said.stream().filter("whole"::equals).count(), said::toString);

        // Sources that are newer and no other: Maven leaves the jar as it is.
        program(programs.resolve("mvn"), "echo built again >>'" + folder.resolve("builds") + "'");
        Thread.sleep(20);
        Files.writeString(home.resolve("pom.xml"), "");
        Files.setLastModifiedTime(home.resolve("target/perdure.jar"), FileTime.fromMillis(0));
        for (int start = 0; start < 2; start++) {
            Process process = train(script, programs, "");
            process.getInputStream().readAllBytes();
            assertEquals(0, process.waitFor());
        }
        assertEquals(List.of("built", "built again"), Files.readAllLines(folder.resolve("builds")));
    }

    /** Java ends if it is told two of them. */
    @Test
    void theCollectorIsTheUsersIfOneIsGiven() throws Exception {
        Path programs = folder.resolve("java/bin");
        program(programs.resolve("java"), "echo $@");
        Path script = folder.resolve("perdure/scripts/perdure");
        Files.createDirectories(script.getParent());
        Files.copy(Path.of("scripts/perdure"), script);
        for (String options : List.of("", "-Xmx1g", "-XX:+UseG1GC", "-Xmx1g -XX:+UseParallelGC")) {
            Process process = train(script, programs, options);
            String command = new String(process.getInputStream().readAllBytes());
            assertEquals(0, process.waitFor(), command);
            assertEquals(!options.contains("Use"), command.contains("-XX:+UseSerialGC"), command);
            assertTrue(command.strip().endsWith("-jar " + folder.resolve("perdure/target/perdure.jar") + " train"));
        }
    }
}
