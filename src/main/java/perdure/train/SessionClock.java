package perdure.train;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import perdure.checkpoint.TrainerState.Session;
import perdure.status.TrainingProgress.Speed;
import perdure.status.TrainingProgress.State;

/**
 * Measures the time and tokens of the current session, which is this process's part of the run. So rates and estimates
 * stay right after a resume. Only the total seconds include earlier sessions.
 *
 * <p>Rates are those of the last half minute of training, by exponential decay. Neither an evaluation nor a pause of the
 * process or the machine counts as training.
 */
final class SessionClock {
    /** After this time, a step counts 1/e of what it counted. */
    private static final double MEMORY_SECONDS = 30;

    /** A gap that is longer than this, and than {@link #PAUSE_FACTOR} usual steps, is a pause. */
    private static final double PAUSE_SECONDS = 5;

    private static final double PAUSE_FACTOR = 10;

    private final List<Session> earlier;
    private final String startedAt;
    private final long firstStep;
    private final long tokensBefore;
    private final LongSupplier nanoTime;
    private long start;
    private long last;
    private boolean started;
    private boolean training;
    private long evaluationStart;
    private Double evaluationSeconds;
    private long step;
    private long totalTokens;

    // Decaying sums over the steps so far.
    private double recentSeconds;
    private double recentSteps;
    private double recentTokens;

    SessionClock(List<Session> earlier, long firstStep, long tokensBefore, String startedAt, LongSupplier nanoTime) {
        this.earlier = List.copyOf(earlier);
        this.startedAt = startedAt;
        this.firstStep = firstStep;
        this.tokensBefore = tokensBefore;
        this.nanoTime = nanoTime;
        this.step = firstStep;
        this.totalTokens = tokensBefore;
    }

    /**
     * Records the steps finished and the tokens trained on in the whole run. The first call starts the clock.
     *
     * @param state what the trainer does from now on
     */
    void tick(State state, long step, long totalTokens) {
        long now = nanoTime.getAsLong();
        if (!started) {
            started = true;
            start = now;
        } else if (training && step > this.step) {
            count((now - last) / 1e9, step - this.step, totalTokens - this.totalTokens);
        }
        if (state == State.EVALUATING && training) {
            evaluationStart = now;
        } else if (state == State.TRAINING && !training && evaluationStart != 0) {
            double seconds = (now - evaluationStart) / 1e9;
            evaluationSeconds = evaluationSeconds == null ? seconds : Math.min(evaluationSeconds, seconds);
        }
        training = state == State.TRAINING;
        last = now;
        this.step = step;
        this.totalTokens = totalTokens;
    }

    private void count(double seconds, long steps, long tokens) {
        double usual = recentSteps == 0 ? seconds : recentSeconds / recentSteps * steps;
        double counted = seconds > PAUSE_SECONDS && seconds > PAUSE_FACTOR * usual ? usual : seconds;
        double kept = Math.exp(-counted / MEMORY_SECONDS);
        recentSeconds = recentSeconds * kept + counted;
        recentSteps = recentSteps * kept + steps;
        recentTokens = recentTokens * kept + tokens;
    }

    double seconds() {
        return started ? (nanoTime.getAsLong() - start) / 1e9 : 0;
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

    /**
     * The rate of training, and the estimated time to the end of the run.
     *
     * @param evaluationsLeft evaluations until then, which take as long as the shortest one of this session
     * @param memoryBytes resident memory of the process; null if not known
     */
    Speed speed(long totalSteps, long evaluationsLeft, Long memoryBytes) {
        double seconds = seconds();
        double total = seconds + earlier.stream().mapToDouble(Session::seconds).sum();
        if (recentSteps == 0) {
            return new Speed(null, null, seconds, total, earlier.size(), memoryBytes);
        }
        double training = recentSeconds / recentSteps * Math.max(0, totalSteps - step);
        double evaluations = evaluationSeconds == null ? 0 : evaluationSeconds * evaluationsLeft;
        return new Speed(
                recentTokens / recentSeconds,
                Math.round(training + evaluations),
                seconds,
                total,
                earlier.size(),
                memoryBytes);
    }
}
