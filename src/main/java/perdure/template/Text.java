package perdure.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Python's view of strings: characters are code points, and white space is Unicode's. */
final class Text {
    private Text() {}

    /** What {@code str.isspace} holds of one character; all of them are single UTF-16 units. */
    static boolean isSpace(int character) {
        return character <= ' '
                ? character == ' ' || character >= 9 && character <= 13 || character >= 28
                : character == 0x85 || Character.isSpaceChar(character);
    }

    static int skipSpace(String text, int from) {
        int i = from;
        while (i < text.length() && isSpace(text.charAt(i))) {
            i++;
        }
        return i;
    }

    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Whether every character is one UTF-16 unit, so that indices need no conversion. */
    private static boolean isSimple(String text) {
        return length(text) == text.length();
    }

    /** Characters from {@code from} up to before {@code to}, both counted in code points and within bounds. */
    static String between(String text, int from, int to) {
        if (isSimple(text)) {
            return text.substring(from, to);
        }
        int begin = text.offsetByCodePoints(0, from);
        return text.substring(begin, text.offsetByCodePoints(begin, to - from));
    }

    static String reversed(String text) {
        return new StringBuilder(text).reverse().toString();
    }

    static Iterator<Object> characters(String text) {
        return text.codePoints()
                .mapToObj(character -> (Object) Character.toString(character))
                .iterator();
    }

    /** Without the characters of {@code set} (null: white space) on the sides asked for. */
    static String strip(String text, String set, boolean left, boolean right) {
        int begin = 0;
        int end = text.length();
        while (left && begin < end && contains(set, text.codePointAt(begin))) {
            begin += Character.charCount(text.codePointAt(begin));
        }
        while (right && begin < end && contains(set, text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(begin, end);
    }

    private static boolean contains(String set, int character) {
        return set == null ? isSpace(character) : set.indexOf(character) >= 0;
    }

    /** Code-point order, in which Python compares strings. */
    static int compare(String a, String b) {
        int shared = Math.min(a.length(), b.length());
        for (int i = 0; i < shared; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                // Surrogates stand for characters above all others.
                boolean sameKind = Character.isSurrogate(x) == Character.isSurrogate(y);
                return sameKind ? x - y : Character.isSurrogate(x) ? 1 : -1;
            }
        }
        return a.length() - b.length();
    }

    static boolean isLineBreak(char character) {
        return character >= '\n' && character <= '\r'
                || character >= 0x1c && character <= 0x1e
                || character == 0x85
                || character == 0x2028
                || character == 0x2029;
    }

    /** {@code str.splitlines}. */
    static List<Object> lines(String text, boolean keepEnds) {
        List<Object> lines = new ArrayList<>();
        int begin = 0;
        for (int i = 0; i < text.length(); i++) {
            if (isLineBreak(text.charAt(i))) {
                int end = text.startsWith("\r\n", i) ? i + 2 : i + 1;
                lines.add(text.substring(begin, keepEnds ? end : i));
                begin = end;
                i = end - 1;
            }
        }
        if (begin < text.length()) {
            lines.add(text.substring(begin));
        }
        return lines;
    }

    static int count(String text, String wanted, Budget budget) {
        if (wanted.isEmpty()) {
            return length(text) + 1;
        }
        budget.search(text, wanted);
        int count = 0;
        for (int i = text.indexOf(wanted); i >= 0; i = text.indexOf(wanted, i + wanted.length())) {
            count++;
        }
        return count;
    }

    /** @param most replacements; less than 0 for all */
    static String replace(String text, String old, String with, long most, Budget budget) {
        long count = count(text, old, budget);
        long times = most < 0 ? count : Math.min(most, count);
        budget.text(text.length() + Math.max(0, times * ((long) with.length() - old.length())));
        StringBuilder out = new StringBuilder();
        int from = 0;
        for (long i = 0; i < times; i++) {
            int at = text.indexOf(old, from);
            out.append(text, from, at).append(with);
            from = at + old.length();
            if (old.isEmpty() && from < text.length()) {
                int width = Character.charCount(text.codePointAt(from));
                out.append(text, from, from + width);
                from += width;
            }
        }
        return out.append(text, from, text.length()).toString();
    }

    static String repeat(String text, long times, Budget budget) {
        long count = Math.max(0, times);
        budget.text(Arithmetic.product(text.length(), count));
        return text.repeat(text.isEmpty() ? 0 : (int) count);
    }

    /** The text with the characters that mean something in HTML written as references. */
    static String escaped(String text, Budget budget) {
        budget.text(5L * text.length());
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }
}
