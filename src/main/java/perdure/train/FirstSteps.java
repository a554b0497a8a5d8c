package perdure.train;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import perdure.status.Figures;
import perdure.status.TrainingProgress.State;

/**
 * Says once, after the first steps of a process, how long the rest of the run will take. The first steps of all are not
 * measured: they allocate memory and choose kernels, and Java compiles itself.
 */
final class FirstSteps {
    private static final int FEWEST = 3;
    private static final double WARM_UP_SECONDS = 3;
    private static final double SECONDS = 2;

    /** An evaluation has no backward pass, which is two thirds of a step. */
    private static final double EVALUATION = 1.0 / 3;

    private final double evaluatedTokens;
    private final Instant deadline;
    private final LongSupplier nanoTime;
    private boolean told;
    private boolean began;
    private boolean measures;
    private long beginStep;
    private long beginTime;
    private long firstStep;
    private long firstTokens;
    private long firstTime;

    /**
     * @param evaluatedTokens that an evaluation predicts
     * @param deadline by which everything is saved; null: none
     */
    FirstSteps(double evaluatedTokens, Instant deadline, LongSupplier nanoTime) {
        this.evaluatedTokens = evaluatedTokens;
        this.deadline = deadline;
        this.nanoTime = nanoTime;
    }

    /**
     * What is to be told after a step; empty before enough is measured, and once it was told.
     *
     * @param step finished in all
     * @param tokens trained on in all
     * @param totalSteps of the run
     * @param evaluations until its end
     */
    List<String> after(State state, long step, long tokens, long totalSteps, long evaluations) {
        if (told || state == State.STARTING) {
            return List.of();
        }
        if (state != State.TRAINING) {
            measures = false; // What is not training is not measured.
            return List.of();
        }
        long now = nanoTime.getAsLong();
        if (!began) {
            began = true;
            beginStep = step;
            beginTime = now;
        }
        if (!measures) {
            measures = step > beginStep && now - beginTime >= WARM_UP_SECONDS * 1e9;
            firstStep = step;
            firstTokens = tokens;
            firstTime = now;
            return List.of();
        }
        double seconds = (now - firstTime) / 1e9;
        long steps = step - firstStep;
        if (steps < FEWEST || seconds < SECONDS) {
            return List.of();
        }
        told = true;
        double each = seconds / steps;
        double evaluation = EVALUATION * evaluatedTokens * seconds / Math.max(1, tokens - firstTokens);
        return lines(totalSteps - step, each, evaluations, evaluation);
    }

    private List<String> lines(long steps, double each, long evaluations, double evaluation) {
        double seconds = steps * each + evaluations * evaluation;
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "Time: about %s more: %,d step%s of %s and %,d evaluation%s of about %s.",
                Figures.duration(Math.round(seconds)),
                steps,
                steps == 1 ? "" : "s",
                Figures.time(each),
                evaluations,
                evaluations == 1 ? "" : "s",
                Figures.time(evaluation)));
        if (deadline != null) {
            double left = Duration.between(Instant.now(), deadline).toMillis() / 1e3;
            if (left < seconds) {
                lines.add(String.format(
                        Locale.ROOT,
                        "Warning: the time limit ends this process in %s, before the end of the run. The same command"
                                + " carries on.",
                        Figures.duration(Math.round(Math.max(0, left)))));
            }
        }
        return lines;
    }
}
