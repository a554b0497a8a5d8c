package perdure.tokenizer;

import java.util.function.Consumer;

/**
 * Cuts long text only where pre-tokenizers cut it too, so that the tokens of the pieces are the tokens of the whole.
 *
 * <p>The best cut is before a space that follows a character other than white space: no word of any pattern in use crosses
 * such a place, and the rule for the end of a run of white space never applies there. A newline is as good for our own
 * tokenizers, whose pattern is GPT-2's; others bind it to the punctuation before it.
 */
public final class TextPieces {

    /** Longest piece, in characters. It bounds the native memory that encoding needs. */
    public static final int LIMIT = 1 << 16;

    private TextPieces() {}

    /** Passes on the pieces of {@code text} in order; joined, they are the text. */
    public static void split(String text, Consumer<String> pieces) {
        int start = 0;
        while (start < text.length()) {
            int end = start + cut(text, start);
            pieces.accept(text.substring(start, end));
            start = end;
        }
    }

    /** As {@link #split}, but cuts before spaces alone. Where there are none, a piece is longer than the limit. */
    static void splitAtSpaces(String text, Consumer<String> pieces) {
        int start = 0;
        while (start < text.length()) {
            int end = text.length();
            if (end - start > LIMIT) {
                int last = start + LIMIT;
                while (last > start && !isCut(text, last, ' ')) {
                    last--;
                }
                end = last > start ? last : start + LIMIT;
                while (last == start && end < text.length() && !isCut(text, end, ' ')) {
                    end++;
                }
            }
            pieces.accept(text.substring(start, end));
            start = end;
        }
    }

    /**
     * Length of the first piece of the text from {@code start} on: all of the rest if that is at most {@link #LIMIT},
     * else at most {@link #LIMIT}. If the text has no place to cut, it is cut at the limit, between code points; it still
     * decodes to the same text.
     */
    public static int cut(CharSequence text, int start) {
        if (text.length() - start <= LIMIT) {
            return text.length() - start;
        }
        for (char before : new char[] {' ', '\n'}) {
            for (int end = start + LIMIT; end > start; end--) {
                if (isCut(text, end, before)) {
                    return end - start;
                }
            }
        }
        return Character.isHighSurrogate(text.charAt(start + LIMIT - 1)) ? LIMIT - 1 : LIMIT;
    }

    /** Whether that character is at the place, and none of white space is before it. */
    private static boolean isCut(CharSequence text, int place, char character) {
        return text.charAt(place) == character && !isWhiteSpace(text.charAt(place - 1));
    }

    /** Unicode's White_Space property, all of which lies in the basic plane. */
    static boolean isWhiteSpace(char character) {
        return character == '\u0085' || Character.isWhitespace(character) || Character.isSpaceChar(character);
    }
}
