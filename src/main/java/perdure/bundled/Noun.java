package perdure.bundled;

import java.util.Map;
import java.util.regex.Pattern;

/** English nouns in a sentence: with their article, and in the plural. */
final class Noun {

    private static final Pattern VOWEL = Pattern.compile("(?!uni|use|eu|one)[aeiou].*|hour.*|X-ray.*");

    private static final Map<String, String> IRREGULAR = Map.ofEntries(
            Map.entry("mouse", "mice"),
            Map.entry("goose", "geese"),
            Map.entry("foot", "feet"),
            Map.entry("tooth", "teeth"),
            Map.entry("child", "children"),
            Map.entry("man", "men"),
            Map.entry("woman", "women"),
            Map.entry("person", "people"),
            Map.entry("sheep", "sheep"),
            Map.entry("fish", "fish"),
            Map.entry("deer", "deer"),
            Map.entry("wolf", "wolves"),
            Map.entry("leaf", "leaves"),
            Map.entry("knife", "knives"),
            Map.entry("piano", "pianos"));

    private Noun() {}

    /** {@code a} or {@code an}, whichever goes before {@code word}. */
    static String article(String word) {
        return VOWEL.matcher(word).matches() ? "an" : "a";
    }

    /** The plural of {@code word}; of several words, that of the last one. */
    static String plural(String word) {
        int space = word.lastIndexOf(' ') + 1;
        String last = word.substring(space);
        String irregular = IRREGULAR.get(last);
        return word.substring(0, space) + (irregular == null ? regular(last) : irregular);
    }

    private static String regular(String word) {
        if (word.matches(".*[^aeiou]y")) {
            return word.substring(0, word.length() - 1) + "ies";
        }
        return withS(word);
    }

    /** {@code word} with the s, or es, of plurals and of verbs. */
    static String withS(String word) {
        return word + (word.matches(".*(s|x|ch|sh|o)") ? "es" : "s");
    }
}
