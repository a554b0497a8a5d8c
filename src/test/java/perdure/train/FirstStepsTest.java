package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import perdure.status.TrainingProgress.State;

class FirstStepsTest {
    private long now;

    private final List<String> told = new ArrayList<>();

    private void train(FirstSteps steps, long from, long to, double seconds) {
        for (long step = from; step <= to; step++) {
            now += (long) (seconds * 1e9);
            told.addAll(steps.after(State.TRAINING, step, 100 * step, 1000, 10));
        }
    }

    @Test
    void tellsTheTimeThatIsLeftOnceAndWithoutTheFirstStep() {
        FirstSteps steps = new FirstSteps(600, null, () -> now);
        steps.after(State.TRAINING, 0, 0, 1000, 10);
        train(steps, 1, 1, 60); // It chooses kernels.
        train(steps, 2, 4, 1);
        assertEquals(
                List.of("Time: about 16m 56s more: 996 steps of 1.00 s and 10 evaluations of about 2.00 s."), told);
        train(steps, 5, 100, 1);
        assertEquals(1, told.size());
    }

    @Test
    void measuresNoEvaluation() {
        FirstSteps steps = new FirstSteps(0, null, () -> now);
        train(steps, 1, 3, 1);
        steps.after(State.EVALUATING, 3, 300, 1000, 10);
        now += 500_000_000_000L;
        train(steps, 4, 7, 1);
        assertEquals(
                List.of("Time: about 16m 33s more: 993 steps of 1.00 s and 10 evaluations of about 0.00 ms."), told);
    }

    @Test
    void aResumedRunTellsWhatIsLeft() {
        FirstSteps steps = new FirstSteps(0, null, () -> now);
        steps.after(State.TRAINING, 900, 90_000, 1000, 1);
        train(steps, 901, 960, 0.1);
        assertTrue(told.get(0).startsWith("Time: about 5s more: 50 steps of 100 ms"), told.toString());
    }

    @Test
    void warnsOfATimeLimitBeforeTheEnd() {
        FirstSteps steps = new FirstSteps(0, Instant.now().plusSeconds(100), () -> now);
        train(steps, 1, 8, 1);
        assertTrue(
                told.get(1).matches("Warning: the time limit ends this process in 1m [0-4]?[0-9]s.*"), told.toString());
        told.clear();
        train(new FirstSteps(0, Instant.now().plusSeconds(10_000), () -> now), 1, 10, 1);
        assertEquals(1, told.size());
    }
}
