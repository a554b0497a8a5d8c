package perdure.bundled;

import java.util.Locale;
import java.util.Random;

/** The ways in which people type the same sentence: letters, punctuation, a word of politeness. */
final class Typing {

    private Typing() {}

    /** {@code sentence} as someone might type it; {@code cased} keeps its letters. */
    static String vary(String sentence, boolean cased, Random random) {
        String varied =
                switch (random.nextInt(20)) {
                    case 0, 1, 2 -> bare(sentence).toLowerCase(Locale.ROOT);
                    case 3, 4 -> sentence.toLowerCase(Locale.ROOT);
                    case 5, 6 -> bare(sentence);
                    case 7 -> lowerFirst(sentence);
                    case 8 -> upperFirst(bare(sentence)) + "!";
                    case 9 -> lowerFirst(bare(sentence));
                    default -> upperFirst(sentence);
                };
        return cased && !varied.equals(sentence) ? (random.nextBoolean() ? sentence : bare(sentence)) : varied;
    }

    /** {@code sentence} with a word before or after it. */
    static String dress(String sentence, Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> "Hello! " + sentence;
            case 1 -> "Hi, " + lowerFirst(sentence);
            case 2 -> "Please tell me: " + lowerFirst(sentence);
            case 3 -> "Ok. " + sentence;
            default ->
                bare(sentence) + ", please" + sentence.substring(bare(sentence).length());
        };
    }

    /** The sentence without its closing punctuation. */
    private static String bare(String sentence) {
        return sentence.replaceFirst("[ .?!=]+$", "");
    }

    private static String lowerFirst(String sentence) {
        return sentence.substring(0, 1).toLowerCase(Locale.ROOT) + sentence.substring(1);
    }

    private static String upperFirst(String sentence) {
        return sentence.substring(0, 1).toUpperCase(Locale.ROOT) + sentence.substring(1);
    }
}
