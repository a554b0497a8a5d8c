package perdure.checkpoint;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the complete lines of a file and where they end, in bounded memory; what follows the last one is no line. */
final class LineReader implements Closeable {

    /** Longer lines read as empty ones. */
    private static final int MAXIMUM_LINE = 64 << 10;

    private final InputStream in;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long position;

    LineReader(Path file) throws IOException {
        in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    }

    /** The next line without its end, or null. */
    String next() throws IOException {
        line.reset();
        boolean tooLong = false;
        for (int next = in.read(); next >= 0; next = in.read()) {
            position++;
            if (next == '\n') {
                return tooLong ? "" : line.toString(StandardCharsets.UTF_8);
            }
            tooLong |= line.size() == MAXIMUM_LINE;
            if (!tooLong) {
                line.write(next);
            }
        }
        return null;
    }

    /** Offset in the file after the line that was read last. */
    long position() {
        return position;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
