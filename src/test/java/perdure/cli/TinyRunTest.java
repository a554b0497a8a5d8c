package perdure.cli;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A test of commands on a tiny run in a fresh folder. */
abstract class TinyRunTest {
    @TempDir
    Path folder;

    TinyRun tiny;

    @BeforeEach
    void prepareTinyRun() {
        tiny = new TinyRun(folder);
    }
}
