package perdure.run;

import java.util.function.Supplier;

/**
 * The request cannot be carried out, because a setting, a file or a folder is not usable. Nothing was trained, and no
 * checkpoint was changed. With another value the same call may succeed. The message is one line.
 */
public final class BadInputException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final String setting;
    private final String remedy;

    /** Where the message names the file or the flag. */
    public BadInputException(String message) {
        this(null, message);
    }

    /** @param setting that has the bad value, such as {@code hidden size}; null where the message names a file */
    public BadInputException(String setting, String message) {
        this(setting, message, null, null);
    }

    public BadInputException(String setting, String message, Throwable cause) {
        this(setting, message, null, cause);
    }

    /** @param remedy the setting that would allow it, such as {@code accept changes}; or null */
    BadInputException(String setting, String message, String remedy, Throwable cause) {
        super(message, cause);
        this.setting = setting;
        this.remedy = remedy;
    }

    /** The setting with the bad value, such as {@code hidden size}; null if the message names a file. */
    public String setting() {
        return setting;
    }

    /** The setting that would allow what was asked for; null if none does. */
    public String remedy() {
        return remedy;
    }

    /**
     * The result of {@code action}. If it throws an {@link IllegalArgumentException}, that becomes bad input of the
     * setting.
     */
    static <T> T naming(String setting, Supplier<T> action) {
        try {
            return action.get();
        } catch (BadInputException named) {
            throw named;
        } catch (IllegalArgumentException problem) {
            throw new BadInputException(setting, problem.getMessage(), problem);
        }
    }
}
