package perdure.bundled;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What goes wrong in typing: misspelt words, slips of the fingers, words left out. */
final class Typos {

    /** Words of small letters; names are never misspelt. */
    private static final Pattern WORD =
            Pattern.compile("(?<![A-Za-z'])(?:[a-z]{3,}|(?:What|Which|How|Where|Tell))(?![A-Za-z'])");

    private static final Map<String, List<String>> MISSPELT = Map.ofEntries(
            Map.entry("what", List.of("waht", "wat", "wht", "whta", "wath")),
            Map.entry("which", List.of("wich", "whcih", "wihch", "witch")),
            Map.entry("where", List.of("were", "wher", "whre")),
            Map.entry("how", List.of("hwo", "hw", "howe")),
            Map.entry("the", List.of("teh", "th", "hte")),
            Map.entry("tell", List.of("tel", "tlel")),
            Map.entry("you", List.of("u", "yuo", "yu")),
            Map.entry("are", List.of("r", "aer")),
            Map.entry("please", List.of("pls", "plz", "plese", "pleas")),
            Map.entry("and", List.of("an", "adn")),
            Map.entry("does", List.of("dose", "dos", "doe", "deos")),
            Map.entry("many", List.of("mny", "mani", "mayn")),
            Map.entry("much", List.of("mutch", "muhc")),
            Map.entry("opposite", List.of("oposite", "opposit", "oppsite", "opposate", "oppisite")),
            Map.entry("capital", List.of("captial", "capitol", "capitel", "capitl", "kapital")),
            Map.entry("colour", List.of("colur", "coulor", "clour", "coulour")),
            Map.entry("color", List.of("colr", "collor", "coler")),
            Map.entry("sound", List.of("sond", "soud")),
            Map.entry("animal", List.of("animel", "anmial", "aminal")),
            Map.entry("tomorrow", List.of("tommorow", "tomorow", "tmrw")),
            Map.entry("between", List.of("betwen", "beetween", "betwin")),
            Map.entry("month", List.of("mounth", "mont", "monht")),
            Map.entry("number", List.of("numbr", "nuber")),
            Map.entry("country", List.of("contry", "coutry")),
            Map.entry("days", List.of("dayes", "dasy")),
            Map.entry("week", List.of("weak", "wek")),
            Map.entry("year", List.of("yaer", "yer")),
            Map.entry("because", List.of("becuase", "cos")),
            Map.entry("know", List.of("no", "konw", "kno")));

    private Typos() {}

    /** {@code sentence} with one thing wrong, if there is a word where it can go wrong. */
    static String slip(String sentence, Random random) {
        if (random.nextInt(4) == 0) {
            return sentence.replaceAll(" (the|an?)(?= )", "");
        }
        List<MatchResult> words = WORD.matcher(sentence).results().toList();
        if (words.isEmpty()) {
            return sentence;
        }
        MatchResult word = words.get(random.nextInt(words.size()));
        return sentence.substring(0, word.start()) + wrong(word.group(), random) + sentence.substring(word.end());
    }

    private static String wrong(String word, Random random) {
        List<String> known = MISSPELT.getOrDefault(word.toLowerCase(Locale.ROOT), List.of());
        if (!known.isEmpty() && random.nextInt(3) > 0) {
            return known.get(random.nextInt(known.size()));
        }
        if (word.length() < 6) {
            return word;
        }
        int at = 1 + random.nextInt(word.length() - 2);
        String before = word.substring(0, at);
        char letter = word.charAt(at);
        return switch (random.nextInt(3)) {
            case 0 -> before + word.substring(at + 1);
            case 1 -> before + letter + word.substring(at);
            default -> before + word.charAt(at + 1) + letter + word.substring(at + 2);
        };
    }
}
