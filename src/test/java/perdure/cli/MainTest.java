package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class MainTest {
    /** The tests' classes lie in no jar; libtorch's do. */
    @Test
    void saysWhichVersionItIsAndOnWhichLibtorch() {
        TinyRun.Result result = TinyRun.run(List.of("--version"));
        assertEquals(0, result.exitCode());
        List<String> lines = result.out().lines().toList();
        assertEquals("perdure (built from source)", lines.get(0));
        assertEquals(2, lines.size());
        assertEquals("libtorch 2.", lines.get(1).substring(0, 11));
    }
}
