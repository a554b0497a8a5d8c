package perdure.train;

import java.util.ArrayList;
import java.util.List;
import perdure.checkpoint.TrainerState.Session;
import perdure.status.TrainingProgress.Speed;

/**
 * Times this process's own share of a run, so that rates and estimates stay true after a resume; only the total
 * seconds reach back over earlier processes.
 */
final class SessionClock {
    private final List<Session> earlier;
    private final String startedAt;
    private final long firstStep;
    private final long firstToken;
    private long start;
    private boolean started;
    private long step;
    private long token;

    SessionClock(List<Session> earlier, long firstStep, long firstToken, String startedAt) {
        this.earlier = List.copyOf(earlier);
        this.startedAt = startedAt;
        this.firstStep = firstStep;
        this.firstToken = firstToken;
        this.step = firstStep;
        this.token = firstToken;
    }

    /** The run has come to this step, with so many tokens in all. The first call starts the clock. */
    void tick(long step, long token) {
        if (!started) {
            started = true;
            start = System.nanoTime();
        }
        this.step = step;
        this.token = token;
    }

    double seconds() {
        return started ? (System.nanoTime() - start) / 1e9 : 0;
    }

    long tokens() {
        return token - firstToken;
    }

    /** All processes' shares, this one's last. */
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
