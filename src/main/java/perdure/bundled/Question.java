package perdure.bundled;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A question of the small world in its context, with its one right answer.
 *
 * @param topic {@code category/name}
 * @param turns what was said, user and assistant in turn, from the user's first words to the question
 * @param answer the one right answer
 * @param cased whether the question's letters must keep their case
 */
public record Question(String topic, List<String> turns, String answer, boolean cased) {

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

    /** A key to compare questions in their context by. Case, punctuation and spacing do not matter. */
    public String key() {
        return key(turns);
    }

    /** The keys of all parts of the turns that begin and end with a turn of the user. */
    public Set<String> keys() {
        return keys(turns);
    }

    /** The keys of all parts of {@code turns} that begin and end with a turn of the user. */
    public static Set<String> keys(List<String> turns) {
        Set<String> keys = new HashSet<>();
        for (int from = 0; from < turns.size(); from += 2) {
            for (int to = from + 1; to <= turns.size(); to += 2) {
                keys.add(key(turns.subList(from, to)));
            }
        }
        return keys;
    }

    /** The key of {@code turns}: its letters, digits and signs of arithmetic, in lower case. */
    public static String key(List<String> turns) {
        String text = String.join(">", turns).toLowerCase(Locale.ROOT);
        StringBuilder key = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character >= 'a' && character <= 'z'
                    || character >= '0' && character <= '9'
                    || "+*/>-".indexOf(character) >= 0) {
                key.append(character);
            }
        }
        return key.toString();
    }

    /** Whether the answer repeats words that were said, so that each must stay as it is. */
    public boolean copies() {
        return category().equals("memory") || category().equals("reasoning");
    }

    /** The part of the topic before the slash. */
    public String category() {
        return topic.substring(0, topic.indexOf('/'));
    }
}
