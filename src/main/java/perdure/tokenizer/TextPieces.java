package perdure.tokenizer;

import java.util.function.Consumer;

/**
 * Cuts long text only where the pre-tokenizer cuts it too, so that the tokens of the pieces are the tokens of the
 * whole.
 *
 * <p>A cut is before a space or newline that follows a character other than white space. No word crosses such a place,
 * and the rule for the end of a run of white space never applies there. If a {@linkplain #LIMIT piece} contains no such
 * place, the text is cut at the limit, between code points; it still decodes to the same text.
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

    /**
     * Length of the first piece of the text from {@code start} on: all of the rest if that is at most {@link #LIMIT},
     * else at most {@link #LIMIT}.
     */
    public static int cut(CharSequence text, int start) {
        if (text.length() - start <= LIMIT) {
            return text.length() - start;
        }
        for (int end = start + LIMIT; end > start; end--) {
            char next = text.charAt(end);
            if ((next == ' ' || next == '\n') && !isWhiteSpace(text.charAt(end - 1))) {
                return end - start;
            }
        }
        return Character.isHighSurrogate(text.charAt(start + LIMIT - 1)) ? LIMIT - 1 : LIMIT;
    }

    /** Unicode's White_Space property, all of which lies in the basic plane. */
    private static boolean isWhiteSpace(char character) {
        return character == '\u0085' || Character.isWhitespace(character) || Character.isSpaceChar(character);
    }
}
