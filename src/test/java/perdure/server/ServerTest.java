package perdure.server;

import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A test of what a server over a fresh run folder answers. */
public abstract class ServerTest {
    @TempDir
    protected Path folder;

    @AutoClose
    protected ServerUnderTest run;

    @BeforeEach
    void startServer() {
        run = new ServerUnderTest(folder);
    }
}
