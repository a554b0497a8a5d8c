package perdure.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * The first {@value #SIZE} bytes of a token file, little-endian.
 *
 * @param width bytes per id: 2 (unsigned) if the vocabulary has at most 65,536 tokens, else 4
 * @param count number of ids
 * @param checksum CRC-32C of the ids
 * @param fingerprint SHA-256 of the corpus and the tokenizer, in hexadecimal
 */
record TokenFileHeader(int width, long count, int vocabularySize, int checksum, String fingerprint) {

    static final int SIZE = 72;
    static final int VERSION = 1;

    private static final byte[] MAGIC = {'P', 'E', 'R', 'D', 'T', 'O', 'K', '\n'};
    private static final int SEALED = SIZE - Long.BYTES;

    static int width(int vocabularySize) {
        return vocabularySize <= 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
    }

    long fileSize() {
        return SIZE + count * width;
    }

    /** The header as bytes: magic, version, the components in order, and a CRC-32C of all these. */
    ByteBuffer bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).putInt(VERSION).putInt(width).putLong(count).putInt(vocabularySize);
        bytes.putInt(checksum).put(HexFormat.of().parseHex(fingerprint));
        return bytes.putLong(seal(bytes)).flip();
    }

    /** Reads a header from the channel's position. Returns null if it is not valid. */
    static TokenFileHeader read(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining() && channel.read(bytes) > 0) {}
        if (bytes.hasRemaining() || bytes.getLong(SEALED) != seal(bytes)) {
            return null;
        }
        byte[] magic = new byte[MAGIC.length];
        bytes.flip().get(magic);
        if (!Arrays.equals(magic, MAGIC) || bytes.getInt() != VERSION) {
            return null;
        }
        int width = bytes.getInt();
        long count = bytes.getLong();
        int vocabularySize = bytes.getInt();
        int checksum = bytes.getInt();
        byte[] fingerprint = new byte[32];
        bytes.get(fingerprint);
        return new TokenFileHeader(
                width, count, vocabularySize, checksum, HexFormat.of().formatHex(fingerprint));
    }

    private static long seal(ByteBuffer bytes) {
        CRC32C seal = new CRC32C();
        seal.update(bytes.array(), 0, SEALED);
        return seal.getValue();
    }
}
