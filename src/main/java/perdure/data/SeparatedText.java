package perdure.data;

import java.io.IOException;
import java.io.Reader;
import java.util.function.Predicate;
import perdure.tokenizer.TextPieces;

/**
 * Splits plain text into documents at a separator. Line ends around it belong to neither document, and between two
 * separators without text there is none.
 */
final class SeparatedText {

    private final String separator;
    private final Predicate<Passage> reader;
    private final StringBuilder rest = new StringBuilder();
    private boolean begun; // whether a piece of the document has been passed on

    SeparatedText(String separator, Predicate<Passage> reader) {
        this.separator = separator;
        this.reader = reader;
    }

    /** Reads the text until the reader has enough, and returns whether it has not. */
    boolean read(Reader text) throws IOException {
        char[] buffer = new char[1 << 15];
        for (int length = text.read(buffer); length >= 0; length = text.read(buffer)) {
            rest.append(buffer, 0, length);
            if (!documents() || !pieces()) {
                return false;
            }
        }
        return end(rest.length());
    }

    private boolean documents() {
        for (int end = rest.indexOf(separator); end >= 0; end = rest.indexOf(separator)) {
            if (!end(end)) {
                return false;
            }
            rest.delete(0, end + separator.length());
        }
        return true;
    }

    /** Passes on the beginning of a long document, but not what may be the beginning of a separator. */
    private boolean pieces() {
        strip();
        while (rest.length() - separator.length() >= TextPieces.LIMIT) {
            int end = TextPieces.cut(rest, 0);
            begun = true;
            if (!reader.test(Passage.text(rest.substring(0, end), false))) {
                return false;
            }
            rest.delete(0, end);
        }
        return true;
    }

    /** Removes line ends before a document. */
    private void strip() {
        int start = 0;
        while (!begun && start < rest.length() && isLineEnd(rest.charAt(start))) {
            start++;
        }
        rest.delete(0, start);
    }

    /** Ends the document after so many characters. */
    private boolean end(int length) {
        int end = length;
        while (end > 0 && isLineEnd(rest.charAt(end - 1))) {
            end--;
        }
        int start = 0;
        while (!begun && start < end && isLineEnd(rest.charAt(start))) {
            start++;
        }
        String text = rest.substring(start, end);
        boolean empty = text.isBlank() && !begun;
        begun = false;
        return empty || reader.test(Passage.text(text, true));
    }

    private static boolean isLineEnd(char character) {
        return character == '\n' || character == '\r';
    }
}
