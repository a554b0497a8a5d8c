package perdure.bundled;

import java.util.Locale;
import java.util.Random;
import java.util.regex.Pattern;

/** The ways in which people type the same sentence: letters, punctuation, spelling. */
final class Typing {

    private static final Pattern IS = Pattern.compile("\\b(What|Who|Where|what|who|where) is\\b");
    private static final Pattern APOSTROPHE = Pattern.compile("(?<=[A-Za-z])'(?=(s|m|d|t|ll|ve|re)\\b)");

    private Typing() {}

    /** {@code sentence} as someone might type it; {@code cased} keeps its letters. */
    static String vary(String sentence, boolean cased, Random random) {
        String varied =
                switch (random.nextInt(20)) {
                    case 0, 1, 2, 3, 4 -> bare(sentence).toLowerCase(Locale.ROOT);
                    case 5, 6 -> sentence.toLowerCase(Locale.ROOT);
                    case 7, 8 -> bare(sentence);
                    case 9 -> lowerFirst(sentence);
                    case 10 -> upperFirst(bare(sentence)) + "!";
                    case 11 -> lowerFirst(bare(sentence));
                    default -> upperFirst(sentence);
                };
        return cased && !varied.equals(sentence) ? (random.nextBoolean() ? sentence : bare(sentence)) : varied;
    }

    /** {@code sentence} in the spelling of others: contracted, American, without apostrophes. */
    static String respell(String sentence, Random random) {
        String spelt = sentence;
        if (random.nextInt(4) == 0) {
            spelt = IS.matcher(spelt).replaceAll("$1's");
        }
        if (random.nextInt(4) == 0) {
            spelt = spelt.replace("olour", "olor").replace("favour", "favor").replace("metre", "meter");
        }
        return random.nextInt(3) == 0 ? APOSTROPHE.matcher(spelt).replaceAll("") : spelt;
    }

    /** The sentence without its closing punctuation. */
    static String bare(String sentence) {
        int end = sentence.length();
        while (end > 0 && " .?!=".indexOf(sentence.charAt(end - 1)) >= 0) {
            end--;
        }
        return sentence.substring(0, end);
    }

    static String lowerFirst(String sentence) {
        return sentence.substring(0, 1).toLowerCase(Locale.ROOT) + sentence.substring(1);
    }

    static String upperFirst(String sentence) {
        return sentence.substring(0, 1).toUpperCase(Locale.ROOT) + sentence.substring(1);
    }
}
