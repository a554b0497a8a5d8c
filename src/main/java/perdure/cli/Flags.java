package perdure.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import perdure.run.BadInputException;
import perdure.run.BadInputException.Change;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/** Hands the values of flags to records, and names the flag where a record refuses its value. */
final class Flags {
    private Flags() {}

    /** Has numbers and paths read so that what is wrong with one is told in words, and not by a type of Java's. */
    static CommandLine read(CommandLine line) {
        ITypeConverter<Integer> whole = number(Integer::valueOf, "a whole number, or is too large");
        ITypeConverter<Long> large = number(Long::valueOf, "a whole number, or is too large");
        ITypeConverter<Double> any = number(Double::valueOf, "a number");
        return line.registerConverter(int.class, whole)
                .registerConverter(Integer.class, whole)
                .registerConverter(long.class, large)
                .registerConverter(Long.class, large)
                .registerConverter(double.class, any)
                .registerConverter(Double.class, any)
                .registerConverter(Path.class, Flags::path);
    }

    private static <N> ITypeConverter<N> number(Function<String, N> parse, String what) {
        return text -> {
            try {
                return parse.apply(text);
            } catch (NumberFormatException problem) {
                throw new TypeConversionException("'" + text + "' is not " + what);
            }
        };
    }

    /** Most bytes of a name in the usual file systems. */
    private static final int LONGEST_NAME = 255;

    /**
     * A file or folder. An empty text is none, as of a variable that a script has not set: it would be the working
     * directory. Nor is a name that no file can have.
     */
    static Path path(String text) {
        if (text.isBlank()) {
            throw new TypeConversionException("the path is empty");
        }
        Path path = Path.of(text);
        for (Path name : path) {
            int bytes = name.toString().getBytes(StandardCharsets.UTF_8).length;
            if (bytes > LONGEST_NAME) {
                throw new TypeConversionException(
                        "'" + text + "' has a name of " + bytes + " bytes, and " + LONGEST_NAME + " is the most");
            }
        }
        return path;
    }

    /**
     * Passes the value of a flag to {@code record} and returns its result.
     *
     * @throws BadInputException if the record refuses the value: one line that names flag and value
     */
    static <V, R> R set(String flag, V value, Function<V, R> record) {
        try {
            return record.apply(value);
        } catch (IllegalArgumentException refused) {
            throw new BadInputException(named(flag, flag + " " + value, refused.getMessage()));
        }
    }

    /**
     * Returns what {@code read} gives.
     *
     * @throws BadInputException if it refuses what it reads; its message names the file and the value
     */
    static <R> R naming(Supplier<R> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException refused) {
            throw refused instanceof BadInputException
                    ? refused
                    : new BadInputException(null, refused.getMessage(), refused);
        }
    }

    /** As {@link #set}, if the flag was given; else {@code unset}. */
    static <V, R> R set(String flag, V value, R unset, Function<V, R> record) {
        return value == null ? unset : set(flag, value, record);
    }

    /**
     * The message of a refused setting, with the name of its flag. Where a run was saved with other settings, it ends
     * with the command that goes on.
     */
    static String message(BadInputException badInput, ParseResult command) {
        return badInput.changes().isEmpty() ? message(badInput) : changed(badInput.changes(), command);
    }

    private static String changed(List<Change> changes, ParseResult command) {
        String list = changes.stream()
                .map(change -> change.setting() == null
                        ? change.text()
                        : flag(change.setting())
                                + change.text().substring(change.setting().length()))
                .collect(Collectors.joining("; "));
        Set<String> changed = changes.stream()
                .filter(change -> change.setting() != null)
                .map(change -> flag(change.setting()))
                .collect(Collectors.toSet());
        boolean given = changes.stream()
                .allMatch(change -> change.setting() != null && command.hasMatchedOption(flag(change.setting())));
        boolean acceptable = changes.stream().allMatch(Change::acceptable);
        String accept = flag("accept changes");
        String told = "This does not fit the run: " + list + ".";
        if (given) {
            return told + (acceptable ? " Add " + accept + " to go on with that." : "") + " To go on as it was: "
                    + GivenFlags.of(command, changed).line();
        }
        return acceptable
                ? told + " To go on with that: "
                        + GivenFlags.of(command, Set.of()).line(accept)
                : told;
    }

    private static String message(BadInputException badInput) {
        String remedy = badInput.remedy() == null ? "" : " (" + flag(badInput.remedy()) + ")";
        if (badInput.setting() == null) {
            return badInput.getMessage() + remedy;
        }
        String flag = flag(badInput.setting());
        return named(flag, flag, badInput.getMessage()) + remedy;
    }

    /**
     * Puts the flag in place of the setting's name if the message begins with that name and no other flag is involved;
     * else before the message.
     */
    private static String named(String flag, String before, String message) {
        String words = flag.substring("--".length()).replace('-', ' ');
        boolean alone = before.lastIndexOf("--") == 0;
        return alone && message.startsWith(words + " ")
                ? flag + message.substring(words.length())
                : before + ": " + message;
    }

    static String flag(String setting) {
        return "--" + setting.replace(' ', '-');
    }
}
