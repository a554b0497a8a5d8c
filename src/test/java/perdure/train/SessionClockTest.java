package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import perdure.status.TrainingProgress.Speed;
import perdure.status.TrainingProgress.State;

class SessionClockTest {
    private static final long STEPS = 1000;

    private long now;
    private long step;
    private final SessionClock clock = new SessionClock(List.of(), 0, 0, "2026-01-01T00:00:00Z", () -> now);

    private Speed steps(int count, double seconds) {
        clock.tick(State.TRAINING, step, step * 100);
        for (int i = 0; i < count; i++) {
            now += (long) (seconds * 1e9);
            step++;
            clock.tick(State.TRAINING, step, step * 100);
        }
        return clock.speed(STEPS, 0, null);
    }

    @Test
    void knowsNothingBeforeTheFirstStep() {
        Speed speed = steps(0, 1);
        assertNull(speed.tokensPerSecond());
        assertNull(speed.etaSeconds());
    }

    @Test
    void estimatesTheTimeToTheEnd() {
        Speed speed = steps(100, 0.5);
        assertEquals(200, speed.tokensPerSecond(), 1e-6);
        assertEquals(450, speed.etaSeconds());
    }

    /** As when a laptop sleeps, or a process is stopped and continued. */
    @Test
    void aPauseIsNoSlowStep() {
        steps(20, 0.5);
        now += 30_000_000_000L;
        Speed speed = steps(1, 0.5);
        assertEquals(200, speed.tokensPerSecond(), 1e-6);
        assertEquals(Math.round(979 * 0.5), speed.etaSeconds());
        assertEquals(40.5, speed.sessionSeconds(), 1e-6);
    }

    @Test
    void followsAChangeOfSpeedWithinMinutes() {
        steps(400, 0.1);
        Speed speed = steps(300, 1);
        assertEquals(100, speed.tokensPerSecond(), 1);
        assertEquals(300, speed.etaSeconds(), 3);
    }

    @Test
    void evaluationsAreCountedOnceEach() {
        steps(100, 0.5);
        clock.tick(State.EVALUATING, step, step * 100);
        now += 60_000_000_000L;
        Speed speed = steps(10, 0.5);
        assertEquals(200, speed.tokensPerSecond(), 1e-6);
        assertEquals(445 + 2 * 60, clock.speed(STEPS, 2, null).etaSeconds());
    }
}
