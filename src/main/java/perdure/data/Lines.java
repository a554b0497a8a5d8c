package perdure.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** The lines of a stream, as bytes and with their line ends, each of limited length. */
final class Lines {

    private final InputStream input;
    private final int limit;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int end;

    Lines(InputStream input, int limit) {
        this.input = input;
        this.limit = limit;
    }

    /**
     * The next line, or null after the last.
     *
     * @throws IllegalArgumentException when it is longer than the limit
     */
    byte[] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (fill()) {
            int start = position;
            while (position < end && buffer[position] != '\n') {
                position++;
            }
            boolean complete = position < end;
            if (complete) {
                position++;
            }
            line.write(buffer, start, position - start);
            if (line.size() > limit) {
                throw new IllegalArgumentException("is longer than " + limit + " bytes.");
            }
            if (complete) {
                break;
            }
        }
        return line.size() == 0 ? null : line.toByteArray();
    }

    private boolean fill() throws IOException {
        if (position == end) {
            position = 0;
            end = Math.max(0, input.read(buffer));
        }
        return position < end;
    }
}
