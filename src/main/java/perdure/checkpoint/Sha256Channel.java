package perdure.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Passes on all bytes to another channel, counting and hashing them on the way. */
final class Sha256Channel implements WritableByteChannel {

    private final WritableByteChannel target;
    private final MessageDigest digest = sha256();
    private long size;

    Sha256Channel(WritableByteChannel target) {
        this.target = target;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Every Java platform has SHA-256.", impossible);
        }
    }

    /** Writes all of it. */
    @Override
    public int write(ByteBuffer bytes) throws IOException {
        int count = bytes.remaining();
        digest.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
            target.write(bytes);
        }
        size += count;
        return count;
    }

    /** Bytes so far. */
    long size() {
        return size;
    }

    /** Hexadecimal, lower case, of all bytes so far; starts anew. */
    String sha256Hex() {
        return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public boolean isOpen() {
        return target.isOpen();
    }

    @Override
    public void close() throws IOException {
        target.close();
    }
}
