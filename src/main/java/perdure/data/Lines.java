package perdure.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * The lines of a stream, as bytes and with their line ends, each of limited length. The last one has no line end where
 * the stream has none there.
 */
public final class Lines {

    private final InputStream input;
    private final int limit;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int end;
    private long offset;
    private boolean whole;

    /** @param limit most bytes of a line */
    public Lines(InputStream input, int limit) {
        this.input = input;
        this.limit = limit;
    }

    /**
     * The next line, or null after the last.
     *
     * @throws IllegalArgumentException when it is longer than the limit; {@link #skip} passes over the rest of it
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

    /** Passes over what is left of the line that {@link #next} began. */
    public void skip() throws IOException {
        while (!whole && fill()) {
            advance();
        }
    }

    /** Whether the line that was read last has a line end. */
    public boolean isWhole() {
        return whole;
    }

    /** Bytes of the stream up to the end of what was read last. */
    public long offset() {
        return offset;
    }

    /** To the end of the line, or of the buffer. */
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
