package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import perdure.run.BadInputException;
import perdure.server.Access;
import picocli.CommandLine;

class ServerFlagsTest {

    @TempDir
    Path folder;

    /** As both commands have them, which the help of each shows. */
    private static Access access(Map<String, String> environment, String... arguments) {
        TrainCommand train = new TrainCommand();
        CommandLine trainLine = new CommandLine(train);
        train.serving.environment = environment;
        trainLine.parseArgs(arguments);
        ServeCommand serve = new ServeCommand();
        CommandLine serveLine = new CommandLine(serve);
        serve.server.environment = environment;
        serveLine.parseArgs(arguments);
        Access access = train.serving.options().access();
        assertEquals(access, serve.server.options().access());
        return access;
    }

    private static String refused(Map<String, String> environment, String... arguments) {
        return assertThrows(BadInputException.class, () -> access(environment, arguments))
                .getMessage();
    }

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("token"), content);
    }

    @Test
    void withoutFlagsItIsForThisMachineAlone() {
        assertEquals(Access.LOCAL, access(Map.of("PERDURE_TOKEN", "")));
    }

    @Test
    void flagsMayBeRepeated() {
        Access access = access(
                Map.of(),
                "--allow-host=a.example",
                "--allow-host=b.example",
                "--allow-origin=http://a.example",
                "--allow-origin=https://b.example:8443",
                "--public-url=https://c.example/run");
        assertEquals(List.of("a.example", "b.example"), access.hosts());
        assertEquals(List.of("http://a.example", "https://b.example:8443"), access.origins());
        assertEquals(URI.create("https://c.example/run/"), access.publicUrl());
        assertNull(access.token());
    }

    @Test
    void theTokenComesFromTheFlagTheFileOrTheEnvironment() throws IOException {
        Map<String, String> environment = Map.of("PERDURE_TOKEN", "fromEnvironment");
        String file = "--token-file=" + file("fromFile\r\n");
        assertEquals("fromEnvironment", access(environment).token());
        assertEquals("fromFile", access(environment, file).token());
        assertEquals("given", access(environment, "--token=given").token());
        assertTrue(refused(environment, "--token=given", file).startsWith("--token and --token-file: "));
    }

    @Test
    void aTokenThatNoHeaderCanCarryIsNamedByItsSourceAndNotShown() throws IOException {
        for (String content : List.of("", "\n", "two words", "two\nlines", "grün", "x".repeat(5_000))) {
            String message = refused(Map.of(), "--token-file=" + file(content));
            assertTrue(message.startsWith("--token-file " + folder.resolve("token") + ": "), message);
            assertEquals(1, message.lines().count());
        }
        String secret = "s3 cret";
        for (String message :
                List.of(refused(Map.of(), "--token=" + secret), refused(Map.of("PERDURE_TOKEN", secret)))) {
            assertTrue(message.matches("(--token|PERDURE_TOKEN): The token is not .*"), message);
            assertFalse(message.contains(secret), message);
        }
        String absent = refused(Map.of(), "--token-file=" + folder.resolve("absent"));
        assertTrue(absent.endsWith("absent: There is no such file."), absent);
        String directory = refused(Map.of(), "--token-file=" + folder);
        assertEquals("--token-file " + folder + ": The file cannot be read: Is a directory.", directory);
    }

    @Test
    void anAddressForOthersIsServedWithATokenFromAnySource() {
        assertTrue(refused(Map.of(), "--host=0.0.0.0").contains("needs a token"));
        assertEquals("t", access(Map.of("PERDURE_TOKEN", "t"), "--host=0.0.0.0").token());
    }

    @ParameterizedTest
    @CsvSource({
        "--allow-host, https://a.example, must be a name",
        "--allow-origin, *, must be exactly one",
        "--public-url, a.example, must be like"
    })
    void namesTheFlagAndTheValue(String flag, String value, String rest) {
        String message = refused(Map.of(), flag + "=" + value);
        assertTrue(message.startsWith(flag + " " + value) && message.contains(rest), message);
    }
}
