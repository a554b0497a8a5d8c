package perdure.train;

import java.util.ArrayList;
import java.util.List;
import perdure.checkpoint.TrainerState.Session;
import perdure.status.TrainingProgress.Speed;

/**
 * Measures the time and tokens of the current session, which is this process's part of the run. So rates and estimates
 * stay right after a resume. Only the total seconds include earlier sessions.
 */
final class SessionClock {
    private final List<Session> earlier;
    private final String startedAt;
    private final long firstStep;
    private final long tokensBefore;
    private long start;
    private boolean started;
    private long step;
    private long totalTokens;

    SessionClock(List<Session> earlier, long firstStep, long tokensBefore, String startedAt) {
        this.earlier = List.copyOf(earlier);
        this.startedAt = startedAt;
        this.firstStep = firstStep;
        this.tokensBefore = tokensBefore;
        this.step = firstStep;
        this.totalTokens = tokensBefore;
    }

    /** Records the steps finished and the tokens trained on in the whole run. The first call starts the clock. */
    void tick(long step, long totalTokens) {
        if (!started) {
            started = true;
            start = System.nanoTime();
        }
        this.step = step;
        this.totalTokens = totalTokens;
    }

    double seconds() {
        return started ? (System.nanoTime() - start) / 1e9 : 0;
    }

    long tokens() {
        return totalTokens - tokensBefore;
    }

    /** All sessions of the run. The current one is the last. */
    List<Session> sessions() {
        List<Session> all = new ArrayList<>(earlier);
        all.add(new Session(firstStep, startedAt, seconds(), tokens()));
        return List.copyOf(all);
    }

    Speed speed(long totalSteps) {
        double seconds = seconds();
        double total = seconds + earlier.stream().mapToDouble(Session::seconds).sum();
        long steps = step - firstStep;
        if (steps == 0) {
            return new Speed(null, null, seconds, total, earlier.size());
        }
        long eta = Math.round(seconds / steps * Math.max(0, totalSteps - step));
        return new Speed(tokens() / seconds, eta, seconds, total, earlier.size());
    }
}
