package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LaunchTest {

    @TempDir
    Path folder;

    private static boolean hasNoOptions(String command) {
        return Launch.hasNoOptions(List.of(command.split(" ")));
    }

    @Test
    void aClassPathAndPropertiesAreNoOptions() {
        assertTrue(hasNoOptions("java -cp perdure.jar Train --epochs 1"));
        assertTrue(hasNoOptions("/usr/bin/java -Da=-Xmx1g -classpath a:b Train -Xmx1g"));
        assertTrue(hasNoOptions("java --class-path a -Db=c Train"));
        assertTrue(hasNoOptions("java -jar perdure.jar train"));
    }

    @Test
    void whoeverGivesOptionsGetsJustThose() {
        assertFalse(hasNoOptions("java -Xmx2g -cp perdure.jar Train"));
        assertFalse(hasNoOptions("java -cp perdure.jar -XX:+UseG1GC Train"));
        assertFalse(hasNoOptions("java -agentlib:jdwp=transport=dt_socket -jar perdure.jar train"));
        assertFalse(hasNoOptions("java @options Train"));
        assertFalse(hasNoOptions("java -cp"));
        assertFalse(Launch.hasNoOptions(Launch.withOptions(List.of("java", "-cp", "a", "Train"), folder)));
    }

    @Test
    void optionsComeFirstAndAMissingArchiveIsNotNamed() throws IOException {
        Path archive = folder.resolve("perdure-17.jsa");
        List<String> command = List.of("java", "-cp", "a", "Train", "--data", "b c");
        List<String> without = Launch.withOptions(command, archive);
        assertEquals("java", without.get(0));
        assertEquals(Launch.OPTIONS, without.subList(1, 1 + Launch.OPTIONS.size()));
        assertEquals(command.subList(1, 6), without.subList(1 + Launch.OPTIONS.size(), without.size()));
        Files.createFile(archive);
        List<String> with = Launch.withOptions(command, archive);
        assertEquals(List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off"), with.subList(1, 3));
        assertEquals(without.subList(1, without.size()), with.subList(3, with.size()));
        assertEquals(command, Launch.withoutOurOptions(with));
    }

    @Test
    void theyAreThoseOfTheScripts() throws IOException {
        String script = Files.readString(Path.of("scripts/perdure"));
        String last = script.substring(script.lastIndexOf("exec \"$java\"")).replace("\\\n", "");
        assertEquals(
                "exec \"$java\" " + String.join(" ", Launch.OPTIONS) + " \"$@\"",
                last.strip().replaceAll(" +", " ").replace("$collector", "-XX:+UseSerialGC"));
        assertTrue(script.contains("-XX:SharedArchiveFile=\"$archive\" '-Xlog:cds*=off'"), script);
    }
}
