package perdure.template;

/** The escapes of a string between quotes, which are Python's. An unknown escape stays as it is written. */
final class StringLiteral {
    private StringLiteral() {}

    static String unescaped(String text, int line) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int i = 0;
        while (i < text.length()) {
            char character = text.charAt(i++);
            if (character != '\\') {
                out.append(character);
                continue;
            }
            char escape = text.charAt(i++); // a string never ends in a backslash
            switch (escape) {
                case '\n' -> {}
                case '\\', '\'', '"' -> out.append(escape);
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'v' -> out.append('\u000b');
                case 'x' -> i = code(text, i, 2, line, out);
                case 'u' -> i = code(text, i, 4, line, out);
                case 'U' -> i = code(text, i, 8, line, out);
                case 'N' -> throw TemplateException.at(line, "a character by its name (\\N) is not supported");
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int end = i;
                    while (end < text.length() && end < i + 2 && "01234567".indexOf(text.charAt(end)) >= 0) {
                        end++;
                    }
                    out.append((char) Integer.parseInt(text.substring(i - 1, end), 8));
                    i = end;
                }
                default -> out.append('\\').append(escape);
            }
        }
        return out.toString();
    }

    private static int code(String text, int from, int digits, int line, StringBuilder out) {
        int end = from + digits;
        String code = text.substring(from, Math.min(end, text.length()));
        int value = code.length() == digits && code.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)
                ? (int) Long.parseLong(code, 16)
                : -1;
        if (!Character.isValidCodePoint(value)) {
            throw TemplateException.at(
                    line, "a string has an escape that is not complete: \\" + text.charAt(from - 1) + code);
        }
        out.appendCodePoint(value);
        return end;
    }
}
