package perdure.template;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import perdure.template.Token.Kind;

/** The tokens inside of one tag: numbers, names, strings and operators. It knows which brackets are open. */
final class TagLexer {
    private static final Pattern FLOAT = Pattern.compile(
            "(?<!\\.)(\\d+_)*\\d+((\\.(\\d+_)*\\d+)?e[+\\-]?(\\d+_)*\\d+|\\.(\\d+_)*\\d+)", Pattern.CASE_INSENSITIVE);
    private static final Pattern WHOLE = Pattern.compile(
            "0b(_?[0-1])++|0o(_?[0-7])++|0x(_?[\\da-f])++|[1-9](_?\\d)*+|0(_?0)*+", Pattern.CASE_INSENSITIVE);
    /** Longer ones first. */
    private static final List<String> OPERATORS = List.of(
            "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
            "=", ".", ":", "|", ",", ";");
    /** Of a number in the source. */
    private static final int MOST_DIGITS = 400;

    private final String source;
    private final Deque<String> open = new ArrayDeque<>();
    private int position;

    TagLexer(String source, int from) {
        this.source = source;
        this.position = from;
    }

    boolean balanced() {
        return open.isEmpty();
    }

    int skipSpace() {
        position = Text.skipSpace(source, position);
        return position;
    }

    /** The token that begins here. */
    Token next(int line) {
        char first = source.charAt(position);
        if (first >= '0' && first <= '9') {
            return number(line);
        }
        if (first == '\'' || first == '"') {
            return string(first, line);
        }
        int end = position;
        while (end < source.length() && isNamePart(source.codePointAt(end))) {
            end += Character.charCount(source.codePointAt(end));
        }
        if (end > position) {
            return token(Kind.NAME, source.substring(position, end), null, end, line);
        }
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, position)) {
                balance(operator, line);
                return token(Kind.OPERATOR, operator, null, position + operator.length(), line);
            }
        }
        String character = Character.toString(source.codePointAt(position));
        throw TemplateException.at(line, "unexpected character " + Printing.quoted(character));
    }

    private static boolean isNamePart(int character) {
        return character == '_' || Character.isLetterOrDigit(character);
    }

    private Token token(Kind kind, String text, Object number, int end, int line) {
        position = end;
        return new Token(kind, text, number, line);
    }

    private Token number(int line) {
        Matcher real = FLOAT.matcher(source)
                .useTransparentBounds(true)
                .region(position, Math.min(source.length(), position + MOST_DIGITS));
        if (real.lookingAt()) {
            String digits = real.group().replace("_", "");
            return token(Kind.NUMBER, digits, Double.valueOf(digits), real.end(), line);
        }
        Matcher whole = WHOLE.matcher(source).region(position, Math.min(source.length(), position + MOST_DIGITS));
        if (!whole.lookingAt()) {
            throw TemplateException.at(line, "not a number: " + source.charAt(position));
        }
        String digits = whole.group().replace("_", "").toLowerCase(Locale.ROOT);
        String prefix = digits.length() > 1 ? digits.substring(0, 2) : "";
        int radix = prefix.equals("0b") ? 2 : prefix.equals("0o") ? 8 : prefix.equals("0x") ? 16 : 10;
        BigInteger value = new BigInteger(radix == 10 ? digits : digits.substring(2), radix);
        return token(Kind.NUMBER, digits, Arithmetic.normal(value), whole.end(), line);
    }

    private Token string(char quote, int line) {
        for (int i = position + 1; i < source.length(); i++) {
            char character = source.charAt(i);
            if (character == '\\') {
                i++;
            } else if (character == quote) {
                String text = StringLiteral.unescaped(source.substring(position + 1, i), line);
                return token(Kind.STRING, text, null, i + 1, line);
            }
        }
        throw TemplateException.at(line, "a string that begins with " + quote + " has no end");
    }

    private void balance(String operator, int line) {
        switch (operator) {
            case "(" -> open.push(")");
            case "[" -> open.push("]");
            case "{" -> open.push("}");
            case ")", "]", "}" -> {
                if (open.isEmpty()) {
                    throw TemplateException.at(line, "unexpected '" + operator + "'");
                }
                String expected = open.pop();
                if (!expected.equals(operator)) {
                    throw TemplateException.at(line, "unexpected '" + operator + "', expected '" + expected + "'");
                }
            }
            default -> {}
        }
    }
}
