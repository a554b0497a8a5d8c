package perdure.data;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The content of a file that may be compressed by gzip or Zstandard. Its first bytes decide and not its name, since
 * browsers and tools unpack files and keep their names.
 *
 * <p>Damaged content is an {@link IllegalArgumentException}; so is one that grows without measure.
 */
final class Compression extends FilterInputStream {

    private static final int GZIP = 0x8b1f; // its first 2 bytes
    private static final int ZSTANDARD = 0xfd2fb528;

    /** Of a frame without text, with which a file may begin: that of pzstd does. The last 4 bits may have any value. */
    private static final int SKIPPED_FRAME = 0x184d2a50;

    /** Largest window of a Zstandard frame, as a binary logarithm: 2 GiB, as the option --long=31 has it. */
    private static final int LARGEST_WINDOW = 31;

    /** The most that a text shrinks. A file of one repeated character shrinks more, and fills a disk. */
    private static final int LARGEST_RATIO = 1_000;

    private static final long ALWAYS_ALLOWED = 64L << 20;

    private final String name;
    private final Counting packed;
    private long unpacked;

    private Compression(String name, InputStream content, Counting packed) {
        super(content);
        this.name = name;
        this.packed = packed;
    }

    /** The bytes that are read of a stream. */
    private static final class Counting extends FilterInputStream {
        private long count;

        private Counting(InputStream input) {
            super(input);
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count += value < 0 ? 0 : 1;
            return value;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int read = super.read(bytes, from, length);
            count += Math.max(0, read);
            return read;
        }
    }

    /**
     * Java's stream ends without a word where the header of a further part is damaged or cut off, and its text would be
     * lost. Zeros after the end fill up blocks of tapes, and mean nothing.
     */
    private static final class Gzip extends GZIPInputStream {
        private static final int TRAILER = 8;
        private boolean ended;

        private Gzip(InputStream input) throws IOException {
            super(input, 1 << 16);
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int read = super.read(bytes, from, length);
            if (read < 0 && !ended) {
                ended = true;
                requireZeros();
            }
            return read;
        }

        private void requireZeros() throws IOException {
            boolean zeros = true;
            for (int i = len - inf.getRemaining() + TRAILER; i < len; i++) {
                zeros &= buf[i] == 0;
            }
            byte[] block = new byte[1 << 12];
            for (int read = in.read(block); zeros && read > 0; read = in.read(block)) {
                for (int i = 0; i < read; i++) {
                    zeros &= block[i] == 0;
                }
            }
            if (!zeros) {
                throw new ZipException("what follows its end is not compressed, or not complete");
            }
        }
    }

    /** @param name of the file, for messages */
    static InputStream unpacked(String name, InputStream input) throws IOException {
        Counting packed = new Counting(input);
        BufferedInputStream buffered = new BufferedInputStream(packed, 1 << 16);
        buffered.mark(Integer.BYTES);
        byte[] start = buffered.readNBytes(Integer.BYTES);
        buffered.reset();
        int magic = ByteBuffer.wrap(Arrays.copyOf(start, Integer.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getInt();
        try {
            if ((magic & 0xffff) == GZIP) {
                return new Compression(name, new Gzip(buffered), packed);
            }
            if (magic == ZSTANDARD || (magic & ~0xf) == SKIPPED_FRAME) {
                ZstdInputStream frames = new ZstdInputStream(buffered);
                frames.setLongMax(LARGEST_WINDOW);
                return new Compression(name, frames, packed);
            }
            return buffered;
        } catch (IOException exception) {
            throw problem(name, exception);
        } catch (LinkageError exception) {
            throw new IOException(
                    "Zstandard's library cannot be loaded (" + exception.getMessage()
                            + "); unpack the file, or set java.io.tmpdir to a folder that may hold programs",
                    exception);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        int read;
        try {
            read = super.read(bytes, from, length);
        } catch (IOException exception) {
            throw problem(name, exception);
        }
        unpacked += Math.max(0, read);
        if (unpacked > ALWAYS_ALLOWED && unpacked / LARGEST_RATIO > packed.count) {
            throw new IllegalArgumentException(
                    name + " unpacks to more than " + LARGEST_RATIO + " times its size, which no text does.");
        }
        return read;
    }

    /** What is wrong with the content is an error of the input, other failures are not. */
    private static RuntimeException problem(String name, IOException exception) throws IOException {
        if (exception instanceof EOFException
                || String.valueOf(exception.getMessage()).contains("Truncated")) {
            return new IllegalArgumentException(
                    name + " is compressed and ends too early: it is not complete.", exception);
        }
        if (exception instanceof ZipException || exception instanceof ZstdIOException) {
            return new IllegalArgumentException(
                    name + " is compressed and damaged: " + exception.getMessage() + ".", exception);
        }
        throw exception;
    }
}
