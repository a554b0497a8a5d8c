package perdure.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** {@code str.split} and {@code str.rsplit}. */
final class Splitting {
    private Splitting() {}

    /**
     * @param separator null for white space of any length, without empty parts
     * @param most cuts; less than 0 for all
     */
    static List<Object> split(String text, String separator, long most, Budget budget) {
        long cuts = most < 0 ? Long.MAX_VALUE : most;
        List<Object> parts = new ArrayList<>();
        if (separator == null) {
            int begin = Text.skipSpace(text, 0);
            while (begin < text.length() && parts.size() < cuts) {
                budget.step();
                int end = begin;
                while (end < text.length() && !Text.isSpace(text.charAt(end))) {
                    end++;
                }
                parts.add(text.substring(begin, end));
                begin = Text.skipSpace(text, end);
            }
            if (begin < text.length()) {
                parts.add(text.substring(begin));
            }
            return parts;
        }
        requireNotEmpty(separator);
        budget.search(text, separator);
        int begin = 0;
        for (int at = text.indexOf(separator); at >= 0 && parts.size() < cuts; at = text.indexOf(separator, begin)) {
            budget.step();
            parts.add(text.substring(begin, at));
            begin = at + separator.length();
        }
        parts.add(text.substring(begin));
        return parts;
    }

    static List<Object> splitFromRight(String text, String separator, long most, Budget budget) {
        if (most < 0) {
            return split(text, separator, most, budget);
        }
        String reversed = new StringBuilder(text).reverse().toString();
        String reversedSeparator = separator == null
                ? null
                : new StringBuilder(separator).reverse().toString();
        List<Object> parts = split(reversed, reversedSeparator, most, budget);
        parts.replaceAll(part -> Text.reversed((String) part));
        Collections.reverse(parts);
        return parts;
    }

    static void requireNotEmpty(String separator) {
        if (separator.isEmpty()) {
            throw new TemplateException("empty separator");
        }
    }
}
