package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.bench.RunComparison;
import perdure.checkpoint.Restart;
import perdure.train.Trainer.Outcome;
import perdure.train.TrainingOptions.Limits;

/** What a failed run saves and reports if each step is begun before the numbers of the one before it are read. */
class TrainerAheadTest extends TrainerFailureTest {

    @BeforeAll
    static void runAhead() {
        System.setProperty(Learner.AHEAD, "true");
    }

    @AfterAll
    static void readAtOnce() {
        System.clearProperty(Learner.AHEAD);
    }

    private Path trainedInTurns() throws Exception {
        Path inTurns = folder.resolve("in turns");
        System.clearProperty(Learner.AHEAD);
        try {
            assertEquals(Outcome.DONE, tiny.train(inTurns));
        } finally {
            runAhead();
        }
        return inTurns;
    }

    @Test
    void endsWithTheBytesOfARunThatReadsEachStepAtOnce() throws Exception {
        long[] behind = {0};
        int[] questions = {0};
        tiny.stop = () -> {
            int stepsBefore = questions[0]++ / 2;
            if (stepsBefore < TinyTraining.STEPS) {
                behind[0] = Math.max(
                        behind[0],
                        stepsBefore - tiny.status().progress().position().step());
            }
            return false;
        };
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        assertEquals(1, behind[0]);
        assertTrue(RunComparison.of(trainedInTurns(), runFolder).isEqual());
    }

    /** Also of neighbours, and of the first step and the last one of an epoch. */
    @Test
    void skipsTheStepsThatARunSkipsThatReadsEachStepAtOnce() throws Exception {
        tiny.limits = new Limits(0, null, 5);
        tiny.badSteps = Set.of(1L, 2L, 7L, (long) TinyTraining.STEPS, TinyTraining.STEPS + 1L);
        assertEquals(Outcome.DONE, tiny.train(runFolder));
        assertEquals(5, Restart.find(runFolder).position().skippedSteps());
        assertTrue(RunComparison.of(trainedInTurns(), runFolder).isEqual());
    }
}
