package perdure.data;

import java.io.IOException;
import java.io.Reader;

/** The lines of a text, without their ends and of limited length. */
final class TextLines {

    private final Reader reader;
    private final int limit;
    private final char[] buffer = new char[1 << 15];
    private int position;
    private int end;
    private boolean whole = true;

    /** @param limit longest line, in characters */
    TextLines(Reader reader, int limit) {
        this.reader = reader;
        this.limit = limit;
    }

    /**
     * The next line, or null after the last.
     *
     * @throws RowException if it is longer than the limit; {@link #skip} skips the rest of it
     */
    String next() throws IOException {
        if (!fill()) {
            return null;
        }
        StringBuilder line = new StringBuilder();
        whole = false;
        while (!whole && fill()) {
            int start = position;
            advance();
            line.append(buffer, start, position - start - (whole ? 1 : 0));
            if (line.length() > limit) {
                throw new RowException("is longer than " + limit + " characters.");
            }
        }
        return line.toString();
    }

    /** Skips the rest of the line that {@link #next} began. */
    void skip() throws IOException {
        while (!whole && fill()) {
            advance();
        }
    }

    /** Moves behind the end of the line, or to the end of the buffer. */
    private void advance() {
        while (position < end && buffer[position] != '\n') {
            position++;
        }
        whole = position < end;
        position += whole ? 1 : 0;
    }

    private boolean fill() throws IOException {
        if (position == end) {
            position = 0;
            end = Math.max(0, reader.read(buffer, 0, buffer.length));
        }
        return position < end;
    }
}
