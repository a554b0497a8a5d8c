package perdure.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;
import perdure.train.SaveInterval;

/**
 * The moment by which the process must have saved and stopped: the earlier one of {@code --max-time} and of the end of
 * the Slurm job that it belongs to.
 *
 * @param end null if there is none
 * @param reason what set it, for messages; if nothing did, it is that of another process of the run
 */
record TimeLimit(Instant end, String reason) {

    /** Slurm's name for the end of a job, in seconds since 1970. */
    static final String SLURM_END = "SLURM_JOB_END_TIME";

    static final TimeLimit NONE = new TimeLimit(null, "the time limit of another rank");

    /** Slurm's clock and the end of a batch script may be a little off. */
    private static final Duration SLURM_MARGIN = Duration.ofSeconds(30);

    /**
     * @param maximum a duration, such as {@code 55m}; null if not given
     * @param slurmEnd the value of {@value #SLURM_END}; null if not set
     * @param start of the process
     * @throws IllegalArgumentException that names the value, if the maximum is no duration
     */
    static TimeLimit of(String maximum, String slurmEnd, Instant start) {
        return Stream.of(ofMaximum(maximum, start), ofSlurm(slurmEnd, start))
                .filter(limit -> limit.end != null)
                .min((one, other) -> one.end.compareTo(other.end))
                .orElse(NONE);
    }

    private static TimeLimit ofMaximum(String maximum, Instant start) {
        if (maximum == null) {
            return NONE;
        }
        return new TimeLimit(start.plus(SaveInterval.parseTime(maximum)), "--max-time " + maximum);
    }

    /** What is not a time after the start is a variable that was left over, and is ignored. */
    private static TimeLimit ofSlurm(String seconds, Instant start) {
        try {
            Instant end = seconds == null ? start : Instant.ofEpochSecond(Long.parseLong(seconds.strip()));
            return end.isAfter(start.plus(SLURM_MARGIN))
                    ? new TimeLimit(end.minus(SLURM_MARGIN), "the end of the Slurm job at " + end)
                    : NONE;
        } catch (NumberFormatException | DateTimeException otherText) {
            return NONE;
        }
    }

    /** The limit of this process. */
    static TimeLimit ofProcess(String maximum) {
        Instant start = ProcessHandle.current().info().startInstant().orElseGet(Instant::now);
        return of(maximum, System.getenv(SLURM_END), start);
    }

    /** One line for people. */
    String message() {
        return "Saves and stops by " + end.truncatedTo(ChronoUnit.SECONDS) + " (" + reason + ").";
    }
}
