package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** Writes one token file. It leaves room for the header, writes the ids, and writes the header last. */
final class TokenFileWriter implements AutoCloseable {

    private final FileChannel channel;
    private final int vocabularySize;
    private final int width;
    private final CRC32C checksum = new CRC32C();
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    private long count;

    TokenFileWriter(Path file, int vocabularySize) throws IOException {
        this.vocabularySize = vocabularySize;
        this.width = TokenFileHeader.width(vocabularySize);
        this.channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        channel.position(TokenFileHeader.SIZE);
    }

    void write(int[] ids) {
        for (int id : ids) {
            if (buffer.remaining() < width) {
                flush();
            }
            if (width == Short.BYTES) {
                buffer.putShort((short) id);
            } else {
                buffer.putInt(id);
            }
        }
        count += ids.length;
    }

    private void flush() {
        buffer.flip();
        checksum.update(buffer.duplicate());
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException exception) {
            throw new UncheckedIOException("Cannot write the token file: " + exception, exception);
        }
        buffer.clear();
    }

    /** Writes the header and forces the file to the disk. */
    TokenFileHeader finish(String fingerprint) throws IOException {
        flush();
        TokenFileHeader header =
                new TokenFileHeader(width, count, vocabularySize, (int) checksum.getValue(), fingerprint);
        ByteBuffer bytes = header.bytes();
        while (bytes.hasRemaining()) {
            channel.write(bytes, bytes.position());
        }
        channel.force(true);
        return header;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
