package perdure.train;

import java.time.Duration;
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

    private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,8})(ms|s|m|h)?");

    /**
     * Parses {@code 60s}, {@code 5m}, {@code 1h}, {@code 500ms}, or a plain number of steps.
     *
     * @throws IllegalArgumentException that names the text, if it is neither or is longer than a year
     */
    public static SaveInterval parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "save interval " + text + " is neither a duration (60s, 5m, 1h) nor a number of steps.");
        }
        long number = Long.parseLong(matcher.group(1));
        String unit = matcher.group(2);
        if (unit == null) {
            return new SaveInterval(Duration.ZERO, number);
        }
        Duration time =
                switch (unit) {
                    case "ms" -> Duration.ofMillis(number);
                    case "s" -> Duration.ofSeconds(number);
                    case "m" -> Duration.ofMinutes(number);
                    default -> Duration.ofHours(number);
                };
        if (time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "save interval " + text + " is longer than " + LONGEST.toDays() + " days.");
        }
        return new SaveInterval(time, 0);
    }

    /** Whether a save is due this many nanoseconds and steps after the last one. */
    boolean isDue(long nanoseconds, long stepsSince) {
        return steps > 0 ? stepsSince >= steps : nanoseconds >= time.toNanos();
    }
}
