package perdure.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

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
        whole = false;
        if (!fill()) {
            return null;
        }
        int start = position;
        advance();
        if (whole && position - start <= limit) {
            return Arrays.copyOfRange(buffer, start, position);
        }
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (line.write(buffer, start, position - start); !whole && line.size() <= limit && fill(); ) {
            start = position;
            advance();
            line.write(buffer, start, position - start);
        }
        if (line.size() > limit) {
            throw new IllegalArgumentException("is longer than " + limit + " bytes.");
        }
        return line.toByteArray();
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
        int next = position;
        while (next < end && buffer[next] != '\n') {
            next++;
        }
        whole = next < end;
        next += whole ? 1 : 0;
        offset += next - position;
        position = next;
    }

    private boolean fill() throws IOException {
        if (position == end) {
            position = 0;
            end = Math.max(0, input.read(buffer));
        }
        return position < end;
    }
}
