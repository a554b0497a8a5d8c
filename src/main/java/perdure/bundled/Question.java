package perdure.bundled;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A question of the small world in its context, with its one right answer.
 *
 * @param topic {@code category/name}
 * @param turns what was said, user and assistant in turn, from the user's first words to the question
 * @param answer the one right answer
 * @param cased whether the question's letters must keep their case
 */
public record Question(String topic, List<String> turns, String answer, boolean cased) {

    private static final Pattern NOISE = Pattern.compile("[^a-z0-9+*>-]+");

    public Question {
        if (turns.size() % 2 == 0) {
            throw new IllegalArgumentException(topic + ": the last turn must be the user's: " + turns);
        }
        turns = List.copyOf(turns);
    }

    /** The same question, asked in these turns. */
    Question asked(List<String> otherTurns) {
        return new Question(topic, otherTurns, answer, cased);
    }

    /** What tells this question in its context from others, whatever its case, punctuation and spacing. */
    public String key() {
        return key(turns);
    }

    /** The keys of everything that asking this question asks on the way, from each of the user's turns on. */
    public Set<String> keys() {
        return keys(turns);
    }

    /** The keys of all that a user's turn ends in {@code turns}, from each of the user's turns on. */
    public static Set<String> keys(List<String> turns) {
        Set<String> keys = new HashSet<>();
        for (int from = 0; from < turns.size(); from += 2) {
            for (int to = from + 1; to <= turns.size(); to += 2) {
                keys.add(key(turns.subList(from, to)));
            }
        }
        return keys;
    }

    /** The letters, digits and signs of arithmetic in {@code turns}, in lower case. */
    public static String key(List<String> turns) {
        return NOISE.matcher(String.join(">", turns).toLowerCase(Locale.ROOT)).replaceAll("");
    }

    /** The part of the topic before the slash. */
    public String category() {
        return topic.substring(0, topic.indexOf('/'));
    }
}
