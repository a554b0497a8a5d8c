package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static perdure.train.TinyTraining.QUESTIONS_IN_AN_EPOCH;
import static perdure.train.TinyTraining.QUESTIONS_IN_TRAINING;
import static perdure.train.TinyTraining.STEPS;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.RunComparison;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.Restart;
import perdure.checkpoint.TrainerState.Position;
import perdure.train.Trainer.Outcome;

/**
 * A run that was stopped, at any place where it asks, and then resumed ends with the same bytes as an uninterrupted
 * run.
 */
class TrainerStopTest {
    @TempDir
    Path folder;

    private TinyTraining tiny;

    @BeforeEach
    void prepare() throws Exception {
        tiny = new TinyTraining(folder);
    }

    /** Answers no until it is asked for the n-th time, and yes from then on. */
    private Outcome train(Path runFolder, long times) throws Exception {
        long[] left = {times};
        tiny.stop = () -> --left[0] < 0;
        return tiny.train(runFolder);
    }

    private Path unbroken() throws Exception {
        Path unbroken = folder.resolve("unbroken");
        assertEquals(Outcome.DONE, train(unbroken, Long.MAX_VALUE));
        return unbroken;
    }

    @Test
    void endsWithTheSameBytesWhereverItWasStopped() throws Exception {
        Path unbroken = unbroken();
        int questions = 2 * QUESTIONS_IN_AN_EPOCH;
        for (int times = 0; times < questions; times++) {
            Path broken = folder.resolve("broken-" + times);
            assertEquals(Outcome.STOPPED, train(broken, times), "stopped at question " + times);
            int inEpoch = Math.min(times % QUESTIONS_IN_AN_EPOCH, QUESTIONS_IN_TRAINING);
            Position position = Restart.find(broken).checkpoint().state().position();
            assertEquals(times / QUESTIONS_IN_AN_EPOCH, position.epoch());
            assertEquals(inEpoch / 2, position.epochStep());
            assertEquals(
                    times / QUESTIONS_IN_AN_EPOCH,
                    LossCurve.read(broken, 100).epochs().size());

            assertEquals(Outcome.DONE, train(broken, Long.MAX_VALUE));
            assertTrue(RunComparison.of(unbroken, broken).isEqual(), "stopped at question " + times);
        }
        assertEquals(Outcome.DONE, train(folder.resolve("enough"), questions));
    }

    @Test
    void endsWithTheSameBytesThoughItWasStoppedAgainAndAgain() throws Exception {
        Path broken = folder.resolve("broken");
        int processes = 1;
        // Four questions are two steps, or an evaluation (three questions) and half a step, which is repeated.
        while (train(broken, 4) == Outcome.STOPPED) {
            processes++;
        }
        assertTrue(processes > STEPS, () -> "number of processes");
        assertTrue(RunComparison.of(unbroken(), broken).isEqual());
    }
}
