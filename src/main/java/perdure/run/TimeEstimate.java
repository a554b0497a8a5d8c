package perdure.run;

import java.util.Locale;
import perdure.status.Figures;

/**
 * How long a run takes, from measured parts.
 *
 * @param preparing seconds to start, to read the data and to warm up, and for the samples of text
 * @param steps optimizer steps
 * @param step seconds of one
 * @param evaluations of the validation text
 * @param evaluation seconds of one
 * @param saving seconds that training waits for saves
 */
record TimeEstimate(double preparing, long steps, double step, long evaluations, double evaluation, double saving) {

    double seconds() {
        return preparing + steps * step + evaluations * evaluation + saving;
    }

    String describe() {
        return String.format(
                Locale.ROOT,
                "about %s: %,d step%s of %s and %,d evaluation%s of %s, %s to start and read the data, %s to save",
                Figures.duration(Math.round(seconds())),
                steps,
                steps == 1 ? "" : "s",
                Figures.time(step),
                evaluations,
                evaluations == 1 ? "" : "s",
                Figures.time(evaluation),
                Figures.time(preparing),
                Figures.time(saving));
    }
}
