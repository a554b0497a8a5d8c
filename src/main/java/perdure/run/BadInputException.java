package perdure.run;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import perdure.checkpoint.DurableFiles;
import perdure.data.RefusedTextException;

/**
 * The request cannot be carried out, because a setting, a file or a folder is not usable. Nothing was trained, and no
 * checkpoint was changed. With another value the same call may succeed. The message is one line.
 */
public final class BadInputException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** The setting that allows what can be allowed. */
    private static final String ACCEPT_CHANGES = "accept changes";

    private final String setting;
    private final String remedy;
    private final transient List<Change> changes;

    /**
     * A difference between a run and what it was saved with.
     *
     * @param setting that is different; null if nobody sets it
     * @param text a sentence without its full stop; it begins with the setting's name
     * @param acceptable whether the run can go on with it, by consent
     */
    public record Change(String setting, String text, boolean acceptable) {
        static Change of(String setting, String text) {
            return new Change(setting, text, true);
        }

        /** The same change with the reason that it is refused, or null. */
        Change because(String reason, boolean allowed) {
            return new Change(setting, reason == null ? text : text + " (" + reason + ")", allowed);
        }
    }

    /** Where the message names the file or the flag. */
    public BadInputException(String message) {
        this(null, message);
    }

    /** @param setting that has the bad value, such as {@code hidden size}; null where the message names a file */
    public BadInputException(String setting, String message) {
        this(setting, message, null, List.of(), null);
    }

    public BadInputException(String setting, String message, Throwable cause) {
        this(setting, message, null, List.of(), cause);
    }

    private BadInputException(String setting, String message, String remedy, List<Change> changes, Throwable cause) {
        super(message, cause);
        this.setting = setting;
        this.remedy = remedy;
        this.changes = List.copyOf(changes);
    }

    /** @param message says what accepting the changes would do */
    static BadInputException needsConsent(String setting, String message) {
        return new BadInputException(setting, message, ACCEPT_CHANGES, List.of(), null);
    }

    /** @param remedy the setting that makes what is missing */
    static BadInputException withRemedy(String setting, String message, String remedy) {
        return new BadInputException(setting, message, remedy, List.of(), null);
    }

    /** A run cannot go on, because of all these changes. */
    static BadInputException changed(List<Change> changes) {
        boolean acceptable = changes.stream().allMatch(Change::acceptable);
        return new BadInputException(
                changes.size() == 1 ? changes.get(0).setting() : null,
                "This does not fit the run: "
                        + changes.stream().map(Change::text).collect(Collectors.joining("; "))
                        + (acceptable ? "; set back what changed, or accept the changes." : "; set back what changed."),
                acceptable ? ACCEPT_CHANGES : null,
                changes,
                null);
    }

    /** The setting with the bad value, such as {@code hidden size}; null if the message names a file. */
    public String setting() {
        return setting;
    }

    /** The setting that would allow what was asked for; null if none does. */
    public String remedy() {
        return remedy;
    }

    /** All that is different from what the run was saved with; empty if something else is wrong. */
    public List<Change> changes() {
        return changes;
    }

    /**
     * The result of {@code action}. If it throws an {@link IllegalArgumentException}, or if a file is missing, that becomes
     * bad input of the setting.
     */
    static <T> T naming(String setting, Supplier<T> action) {
        try {
            return action.get();
        } catch (BadInputException named) {
            throw named;
        } catch (RefusedTextException problem) {
            throw new BadInputException(setting, problem.getMessage(), problem.remedy(), List.of(), problem);
        } catch (IllegalArgumentException problem) {
            throw new BadInputException(setting, problem.getMessage(), problem);
        } catch (UncheckedIOException problem) {
            if (DurableFiles.isMissing(problem.getCause())) {
                throw new BadInputException(setting, DurableFiles.cause(problem.getCause()), problem);
            }
            throw problem;
        }
    }

    /** As {@link #naming}, for an action without a result. */
    static void checking(String setting, Runnable action) {
        naming(setting, () -> {
            action.run();
            return true;
        });
    }
}
