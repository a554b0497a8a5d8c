package perdure.tokenizer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import perdure.template.Rendered.Span;

/**
 * A rendered conversation in the spelling that the library is given: special tokens of the template have their secret
 * spelling, those that a message spells are plain text. It knows where parts of the rendered text are in it.
 *
 * <p>Before a conversation is rendered, a mark goes into every special token that its messages spell. So what stands
 * unmarked in the rendered text is the template's own.
 */
final class RenderedText {

    /** Unicode's noncharacters in the basic plane, one of which is the mark: none is in a text, and none is a space. */
    private static final char FIRST_MARK = '\ufdd0';

    private static final char LAST_MARK = '\ufdef';

    private final StringBuilder text = new StringBuilder();
    private final Map<Integer, Integer> places = new HashMap<>(); // by index in the rendered text, in code points
    private final List<Span> spans;
    private int codePoints;

    /**
     * @param secrets spelling by spelling of every added token; those that are the same are not special
     * @param spans parts of the rendered text, whose tokens are asked for
     */
    RenderedText(String rendered, char mark, Map<String, String> secrets, Pattern added, List<Span> spans) {
        this.spans = spans;
        TreeSet<Integer> asked = new TreeSet<>();
        spans.stream().filter(RenderedText::hasText).forEach(span -> {
            asked.add(span.start());
            asked.add(span.end() - 1);
        });
        Matcher token = added.matcher(rendered);
        int from = 0;
        while (token.find()) {
            copy(rendered, from, token.start(), mark, asked);
            for (int place : asked.subSet(token.start(), token.end())) {
                places.put(place, codePoints);
            }
            append(secrets.get(token.group()));
            from = token.end();
        }
        copy(rendered, from, rendered.length(), mark, asked);
    }

    private static boolean hasText(Span span) {
        return span.end() > span.start();
    }

    private void copy(String rendered, int from, int to, char mark, TreeSet<Integer> asked) {
        int start = from;
        for (int place : asked.subSet(from, to)) {
            append(without(mark, rendered.substring(start, place)));
            // Half a surrogate pair belongs to the code point that its other half began.
            boolean inside = place > start && Character.isLowSurrogate(rendered.charAt(place));
            places.put(place, inside ? codePoints - 1 : codePoints);
            if (inside) {
                // The two halves were counted apart.
                text.append(rendered.charAt(place));
                start = place + 1;
            } else {
                start = place;
            }
        }
        append(without(mark, rendered.substring(start, to)));
    }

    private static String without(char mark, String part) {
        return part.indexOf(mark) < 0 ? part : part.replace(String.valueOf(mark), "");
    }

    private void append(String part) {
        text.append(part);
        codePoints += part.codePointCount(0, part.length());
    }

    @Override
    public String toString() {
        return text.toString();
    }

    /**
     * The first and the last token of each part, as transformers finds them for its masks: those that hold its first and its
     * last character. A part without text has none.
     */
    List<int[]> ranges(NativeTokenizer.Spans tokens) {
        List<int[]> ranges = new ArrayList<>();
        int next = 0;
        for (Span span : spans) {
            if (!hasText(span)) {
                ranges.add(new int[] {next, next});
                continue;
            }
            int first = token(tokens, places.get(span.start()), next);
            int last = token(tokens, places.get(span.end() - 1), first);
            next = Math.min(last + 1, tokens.ids().length);
            ranges.add(new int[] {first, next});
        }
        return ranges;
    }

    /** The first token, from one on, that ends after a character. */
    private static int token(NativeTokenizer.Spans tokens, int character, int from) {
        int token = from;
        while (token < tokens.to().length && tokens.to()[token] <= character) {
            token++;
        }
        return token;
    }

    /** Finds the longest of the tokens at the first place that has one, as the library does; never, if there are none. */
    static Pattern finder(Collection<String> tokens) {
        return Pattern.compile(
                tokens.isEmpty()
                        ? "(?!)"
                        : tokens.stream()
                                .sorted(Comparator.comparingInt(String::length).reversed())
                                .map(Pattern::quote)
                                .collect(Collectors.joining("|")));
    }

    /** A mark that none of the texts has. */
    static char mark(Collection<String> texts) {
        for (char mark = FIRST_MARK; mark <= LAST_MARK; mark++) {
            char candidate = mark;
            if (texts.stream().noneMatch(text -> text.indexOf(candidate) >= 0)) {
                return mark;
            }
        }
        throw new ChatTemplateException("the conversation has every noncharacter of Unicode from U+FDD0 to U+FDEF.");
    }

    /** The text with the mark in each special token that it spells. */
    static String marked(String text, Pattern specials, char mark) {
        Matcher found = specials.matcher(text);
        if (!found.find()) {
            return text;
        }
        return found.reset().replaceAll(token -> {
            String spelling = token.group();
            int first = Character.charCount(spelling.codePointAt(0));
            return Matcher.quoteReplacement(spelling.substring(0, first) + mark + spelling.substring(first));
        });
    }
}
