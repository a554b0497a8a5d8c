package perdure.bundled;

import java.util.Locale;
import java.util.Random;

/** The ways in which people type the same sentence: letters, punctuation, spelling. */
final class Typing {

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
            spelt = spelt.replaceAll("\\b(What|Who|Where|what|who|where) is\\b", "$1's");
        }
        if (random.nextInt(4) == 0) {
            spelt = spelt.replace("olour", "olor").replace("favour", "favor").replace("metre", "meter");
        }
        return random.nextInt(3) == 0 ? spelt.replaceAll("(?<=[A-Za-z])'(?=(s|m|d|t|ll|ve|re)\\b)", "") : spelt;
    }

    /** The sentence without its closing punctuation. */
    static String bare(String sentence) {
        return sentence.replaceFirst("[ .?!=]+$", "");
    }

    static String lowerFirst(String sentence) {
        return sentence.substring(0, 1).toLowerCase(Locale.ROOT) + sentence.substring(1);
    }

    static String upperFirst(String sentence) {
        return sentence.substring(0, 1).toUpperCase(Locale.ROOT) + sentence.substring(1);
    }
}
