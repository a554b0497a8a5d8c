package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import perdure.device.NativeConfig;

/** How many threads a run has if nobody says it; 0 is one for each core. */
class ThreadsTest {

    private static final RunConfig CONFIG = RunConfig.in(Path.of("run"));
    private static final RunConfig TINY = CONFIG.model(
                    shape -> shape.layers(1).heads(2).hiddenSize(32).context(32).vocabularySize(256))
            .optimization(learning -> learning.batchSize(4));

    private static int threads(RunConfig config) {
        return config.natives(NativeConfig.DEFAULT).natives().intraOpThreads();
    }

    @Test
    void areThoseOfTheMachine() {
        assertEquals(0, threads(CONFIG));
    }

    @Test
    void areOneForAVerySmallModel() {
        assertEquals(1, threads(TINY));
        assertEquals(0, threads(TINY.optimization(learning -> learning.batchSize(64))));
    }

    @Test
    void areWhatWasAskedFor() {
        assertEquals(2, TINY.threads(2).natives().intraOpThreads());
    }
}
