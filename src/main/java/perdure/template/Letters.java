package perdure.template;

import java.util.Locale;

/** Upper and lower case as Python's {@code str} has them, and padding. */
final class Letters {
    private Letters() {}

    static String capitalized(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return titleCase(text.substring(0, first)) + text.substring(first).toLowerCase(Locale.ROOT);
    }

    private static String titleCase(String character) {
        int code = character.codePointAt(0);
        int title = Character.toTitleCase(code);
        // What has no title case of its own may still become several letters (ß).
        String upper = character.toUpperCase(Locale.ROOT);
        return title == code && upper.length() > character.length()
                ? upper.substring(0, 1) + upper.substring(1).toLowerCase(Locale.ROOT)
                : Character.toString(title);
    }

    static String titled(String text) {
        StringBuilder out = new StringBuilder(text.length());
        StringBuilder word = new StringBuilder();
        text.codePoints().forEach(character -> {
            if (isCased(character)) {
                word.appendCodePoint(character);
            } else {
                out.append(capitalized(word.toString())).appendCodePoint(character);
                word.setLength(0);
            }
        });
        return out.append(capitalized(word.toString())).toString();
    }

    static String swapped(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(character -> {
            String letter = Character.toString(character);
            out.append(
                    Character.isUpperCase(character)
                            ? letter.toLowerCase(Locale.ROOT)
                            : Character.isLowerCase(character) ? letter.toUpperCase(Locale.ROOT) : letter);
        });
        return out.toString();
    }

    private static boolean isCased(int character) {
        return Character.isUpperCase(character) || Character.isLowerCase(character) || Character.isTitleCase(character);
    }

    static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Character::isUpperCase)
                && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
    }

    static boolean isLower(String text) {
        return text.codePoints().anyMatch(Character::isLowerCase)
                && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }

    /** Decimal digits, and those like superscripts. */
    static boolean isDigit(int character) {
        return Character.isDigit(character)
                || Character.getType(character) == Character.OTHER_NUMBER
                        && Character.getNumericValue(character) >= 0
                        && Character.getNumericValue(character) < 10;
    }

    static boolean isNumeric(int character) {
        int type = Character.getType(character);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    /** With as many fill characters on both sides; an odd one is where Python puts it. */
    static String centered(String text, long width, String fill, Budget budget) {
        long missing = Math.max(0, width - Text.length(text));
        long left = missing / 2 + (missing & width & 1);
        return Text.repeat(fill, left, budget) + text + Text.repeat(fill, missing - left, budget);
    }
}
