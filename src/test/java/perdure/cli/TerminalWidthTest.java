package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalWidthTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"100, 100", "1, 10", "99999, 10000"})
    void takesTheVariableIfItIsANumber(String variable, int columns) {
        assertEquals(columns, new TerminalWidth(variable, () -> 0).getAsInt());
    }

    /** In a terminal of its own, which the program script makes: the bar fits, and a dumb terminal gets none. */
    @ParameterizedTest
    @CsvSource({"xterm, 50, true", "xterm, 132, true", "dumb, 80, false"})
    void theBarFitsTheTerminal(String term, int columns, boolean bar) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String command = "unset COLUMNS; stty cols " + columns + "; " + java + " -cp '"
                + System.getProperty("java.class.path") + "' '" + Drawing.class.getName() + "'";
        Path typescript = folder.resolve("typescript");
        ProcessBuilder script = new ProcessBuilder(List.of("script", "-qec", command, typescript.toString()));
        script.environment().put("TERM", term);
        script.redirectInput(Path.of("/dev/null").toFile()).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        Process process;
        try {
            process = script.start();
        } catch (IOException absent) {
            Assumptions.abort("The program script is not installed.");
            return;
        }
        assertTrue(process.waitFor(5, TimeUnit.MINUTES));
        String shown = Files.readString(typescript).replaceAll("\u001b\\[[0-9;]*m", "");
        List<String> bars = shown.lines()
                .flatMap(line -> List.of(line.split("\r")).stream())
                .filter(line -> line.contains("42.0 %"))
                .toList();
        assertEquals(bar, !bars.isEmpty(), () -> shown.substring(Math.max(0, shown.length() - 500)));
        assertTrue(bars.stream().allMatch(line -> line.length() < columns), bars::toString);
    }

    /** Draws one bar on standard output. */
    static final class Drawing {
        public static void main(String[] arguments) throws InterruptedException {
            ProgressConsole console = ProgressConsole.standard();
            Thread.sleep(200);
            console.update(ProgressConsoleTest.status(1.0));
        }
    }

    @Test
    void isEightyColumnsWhereNobodySays() {
        Assumptions.assumeFalse(TerminalWidth.isTerminal());
        assertEquals(TerminalWidth.USUAL, new TerminalWidth("wide", () -> 0).getAsInt());
    }
}
