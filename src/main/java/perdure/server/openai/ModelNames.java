package perdure.server.openai;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import perdure.chat.AnsweringCheckpoint;

/**
 * The names by which requests may ask for the model: its own, aliases for clients that insist on another, and those of
 * the checkpoints that are kept.
 *
 * @param aliases each of 1 to 256 visible characters
 */
public record ModelNames(List<String> aliases) {

    /** The model's own name; an answer says which checkpoint it came from. */
    static final String OWN = "perdure";

    /** Begins the names of checkpoints: {@code perdure:step-0000000345}. */
    private static final String OF_CHECKPOINT = OWN + ":";

    private static final String NAME = "\\p{Graph}{1,256}";

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
     * The checkpoint that a request asks: the one place that decides what a name means. Whether it is kept is not known
     * here.
     *
     * @return the name of the checkpoint, or empty for the newest
     * @throws RefusedRequestException if nothing here has that name
     */
    Optional<String> checkpoint(String asked) {
        if (asked.equals(OWN) || aliases.contains(asked)) {
            return Optional.empty();
        }
        if (asked.startsWith(OF_CHECKPOINT)) {
            return Optional.of(asked.substring(OF_CHECKPOINT.length()));
        }
        throw RefusedRequestException.unknownModel(asked);
    }

    /** The name by which a request asks that checkpoint. */
    static String of(AnsweringCheckpoint checkpoint) {
        return OF_CHECKPOINT + checkpoint.name();
    }
}
