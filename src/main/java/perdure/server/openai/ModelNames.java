package perdure.server.openai;

import java.util.List;
import java.util.stream.Stream;

/**
 * The names by which requests may ask for the model: its own, and aliases for clients that insist on another.
 *
 * @param aliases each of 1 to 256 visible characters
 */
public record ModelNames(List<String> aliases) {

    /** The model's own name; an answer says which checkpoint it came from. */
    static final String OWN = "perdure";

    private static final String NAME = "[\\p{Graph}&&[^\\p{Cntrl}]]{1,256}";

    /** Its own name alone. */
    public static final ModelNames WITHOUT_ALIASES = new ModelNames(List.of());

    public ModelNames {
        aliases = List.copyOf(aliases);
        for (String alias : aliases) {
            if (!alias.matches(NAME)) {
                throw new IllegalArgumentException(
                        "model alias '" + alias + "' is not a name of 1 to 256 visible characters without spaces.");
            }
        }
    }

    /** All names, its own first. */
    List<String> all() {
        return Stream.concat(Stream.of(OWN), aliases.stream()).distinct().toList();
    }

    /**
     * The model that a request names: the one place that decides what a name means.
     *
     * @return the name as it was asked for, which the answer repeats
     * @throws RefusedRequestException if nothing here has that name
     */
    String resolve(String asked) {
        if (asked.equals(OWN) || aliases.contains(asked)) {
            return asked;
        }
        throw RefusedRequestException.unknownModel(asked);
    }
}
