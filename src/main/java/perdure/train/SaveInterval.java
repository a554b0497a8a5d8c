package perdure.train;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How often a run saves inside an epoch: by time or by steps. The other one is zero.
 *
 * @param time between saves, or {@link Duration#ZERO}
 * @param steps optimizer steps between saves, or 0
 */
public record SaveInterval(Duration time, long steps) {

    private static final Duration LONGEST = Duration.ofDays(365);

    /** Days, hours, minutes, seconds and milliseconds, in this order, each at most once. */
    private static final Pattern DURATION =
            Pattern.compile("(?:([0-9.]+)d ?)?(?:([0-9.]+)h ?)?(?:([0-9.]+)m ?)?(?:([0-9.]+)s ?)?(?:([0-9.]+)ms)?");

    private static final List<Duration> UNITS = List.of(
            Duration.ofDays(1),
            Duration.ofHours(1),
            Duration.ofMinutes(1),
            Duration.ofSeconds(1),
            Duration.ofMillis(1));

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,9})?");

    private static final Pattern STEPS = Pattern.compile("[1-9][0-9]{0,8}");

    /**
     * Parses {@code 60s}, {@code 5m}, {@code 1.5h}, {@code 2h30m}, {@code 1d}, {@code 500ms}, or a plain number of
     * steps.
     *
     * @throws IllegalArgumentException that names the text, if it is neither or is longer than a year
     */
    public static SaveInterval parse(String text) {
        if (STEPS.matcher(text).matches()) {
            return new SaveInterval(Duration.ZERO, Long.parseLong(text));
        }
        Duration time = duration(text.toLowerCase(Locale.ROOT));
        if (time == null || time.isZero()) {
            throw new IllegalArgumentException("save interval " + text
                    + " is neither a duration (500ms, 60s, 1.5h, 2h30m, 1d) nor a number of steps.");
        }
        if (time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "save interval " + text + " is longer than " + LONGEST.toDays() + " days.");
        }
        return new SaveInterval(time, 0);
    }

    /**
     * A duration in one of these forms, for what is no interval between saves.
     *
     * @throws IllegalArgumentException that names the text, if it is none, is zero, or is longer than a year
     */
    public static Duration parseTime(String text) {
        Duration time = duration(text.toLowerCase(Locale.ROOT));
        if (time == null || time.isZero() || time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(text + " is not a duration of at most " + LONGEST.toDays()
                    + " days, such as 90s, 55m, 1.5h or 2h30m.");
        }
        return time;
    }

    /** The sum of its parts; null if the text is no duration. */
    private static Duration duration(String text) {
        Matcher parts = DURATION.matcher(text);
        if (!parts.matches()) {
            return null;
        }
        double milliseconds = 0;
        for (int unit = 0; unit < UNITS.size(); unit++) {
            String number = parts.group(unit + 1);
            if (number != null && !NUMBER.matcher(number).matches()) {
                return null;
            }
            milliseconds += number == null
                    ? 0
                    : Double.parseDouble(number) * UNITS.get(unit).toMillis();
        }
        return Duration.ofMillis(Math.round(milliseconds));
    }

    /** In the form that {@link #parse} reads. */
    @Override
    public String toString() {
        return steps > 0
                ? Long.toString(steps)
                : time.toMillis() % 1000 == 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
    }

    /** How many saves are due in a training of so many seconds and steps. */
    public double during(double seconds, long ofSteps) {
        return steps > 0 ? (double) ofSteps / steps : seconds * 1e9 / time.toNanos();
    }

    /** Whether a save is due this many nanoseconds and steps after the last one. */
    boolean isDue(long nanoseconds, long stepsSince) {
        return steps > 0 ? stepsSince >= steps : nanoseconds >= time.toNanos();
    }
}
