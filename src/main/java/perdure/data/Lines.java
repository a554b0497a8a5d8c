package perdure.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads the lines of a stream as bytes, each with its line end and of limited length. The last line has no line end if
 * the stream does not end with one.
 */
public final class Lines {

    private final InputStream input;
    private final int limit;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int end;
    private long offset;
    private boolean whole;

    /** @param limit longest line, in bytes */
    public Lines(InputStream input, int limit) {
        this.input = input;
        this.limit = limit;
    }

    /**
     * The next line, or null after the last.
     *
     * @throws IllegalArgumentException if it is longer than the limit; {@link #skip} skips the rest of it
     */
    public byte[] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        whole = false;
        while (!whole && fill()) {
            int start = position;
            advance();
            line.write(buffer, start, position - start);
            if (line.size() > limit) {
                throw new IllegalArgumentException("is longer than " + limit + " bytes.");
            }
        }
        return line.size() == 0 ? null : line.toByteArray();
    }

    /** Skips the rest of the line that {@link #next} began. */
    public void skip() throws IOException {
        while (!whole && fill()) {
            advance();
        }
    }

    /** Whether the last line read has a line end. */
    public boolean isWhole() {
        return whole;
    }

    /** Bytes of the stream up to the end of the last line read. */
    public long offset() {
        return offset;
    }

    /** Moves to the end of the line, or of the buffer. */
    private void advance() {
        int start = position;
        while (position < end && buffer[position] != '\n') {
            position++;
        }
        whole = position < end;
        position += whole ? 1 : 0;
        offset += position - start;
    }

    private boolean fill() throws IOException {
        if (position == end) {
            position = 0;
            end = Math.max(0, input.read(buffer));
        }
        return position < end;
    }
}
