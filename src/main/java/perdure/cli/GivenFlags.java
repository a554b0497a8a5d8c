package perdure.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The flags of a command as the user gave them, to start it again.
 *
 * @param name of the command
 * @param flags with their values, in the order in which they were given
 */
record GivenFlags(String name, List<String> flags) {

    /** @param without flags that are left out, with their values */
    static GivenFlags of(ParseResult command, Set<String> without) {
        List<String> flags = new ArrayList<>();
        for (OptionSpec option : new LinkedHashSet<>(command.matchedOptions())) {
            if (without.contains(option.longestName())) {
                continue;
            }
            flags.add(option.longestName());
            List<String> values = option.originalStringValues();
            if (option.isMultiValue()) {
                flags.addAll(values);
            } else if (option.arity().max() > 0) {
                flags.add(values.get(values.size() - 1)); // the last one wins
            }
        }
        return new GivenFlags(command.commandSpec().name(), List.copyOf(flags));
    }

    /** A line for a shell that starts the command with these flags, and with more of them. */
    String line(String... more) {
        List<String> words = new ArrayList<>(program());
        words.add(name);
        words.addAll(flags);
        words.addAll(List.of(more));
        return words.stream().map(GivenFlags::quoted).collect(Collectors.joining(" "));
    }

    /** How this program was started: the jar, by its path from the working directory if it is below that. */
    private static List<String> program() {
        String jar = System.getProperty("java.class.path");
        if (!jar.endsWith(".jar") || jar.contains(System.getProperty("path.separator"))) {
            return List.of("perdure");
        }
        Path here = Path.of("").toAbsolutePath();
        Path path = Path.of(jar).toAbsolutePath().normalize();
        return List.of("java", "-jar", (path.startsWith(here) ? here.relativize(path) : path).toString());
    }

    /** A word as a shell reads it. */
    static String quoted(String word) {
        return word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
