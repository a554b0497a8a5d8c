package perdure.data;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A SHA-256 under way. */
final class Fingerprint {

    private final MessageDigest digest;

    Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException exception) {
            throw new IllegalStateException(exception);
        }
    }

    Fingerprint add(byte[] bytes) {
        return add(bytes, bytes.length);
    }

    Fingerprint add(byte[] bytes, int length) {
        digest.update(bytes, 0, length);
        return this;
    }

    /** Adds a length, so that what follows cannot be mistaken for a part of what came before. */
    Fingerprint add(long number) {
        return add(ByteBuffer.allocate(Long.BYTES).putLong(number).array());
    }

    /** The value; ends the computation. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
