package perdure.distributed;

/**
 * This process cannot go on, since another rank cannot. The message is one line, which the ranks that were told of it
 * share.
 */
public final class WorkersLostException extends RuntimeException {

    /** Exit code of a process that is to be started again, with all others (EX_TEMPFAIL of sysexits.h). */
    public static final int START_AGAIN = 75;

    /** Exit code of a process that must not be started again as it was. */
    static final int NEVER_AGAIN = 2;

    /** Before the reason, where the run is to go on. */
    static final String STOPPED = "Stopped, to be started again: ";

    private static final long serialVersionUID = 1;

    private final int exitCode;

    WorkersLostException(int exitCode, String line) {
        super(line);
        this.exitCode = exitCode;
    }

    /** {@link #START_AGAIN}, or the code with which another rank ends for a reason that starting again does not mend. */
    public int exitCode() {
        return exitCode;
    }

    /** The message, without the words before it that are the same for each loss. */
    public String reason() {
        return getMessage().startsWith(STOPPED) ? getMessage().substring(STOPPED.length()) : getMessage();
    }
}
